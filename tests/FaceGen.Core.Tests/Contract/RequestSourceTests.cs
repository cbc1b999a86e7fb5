using FaceGen.Contract;

namespace FaceGen.Core.Tests.Contract;

public sealed class RequestSourceTests
{
    [Fact]
    public void Sources_sort_in_the_order_of_the_input()
    {
        RequestSource[] sorted =
        [
            new("", 0, 2), new("", 0, 10), new("/a.csv", 3, 2), new("/a.csv", 12, 10), new("/b.csv", 2, 1),
        ];

        Assert.Equal(sorted, sorted.Reverse().Order());
    }
}
