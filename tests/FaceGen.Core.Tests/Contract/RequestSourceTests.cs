namespace FaceGen.Core.Tests.Contract;

public sealed class RequestSourceTests
{
    [Fact]
    public void Sources_sorted_have_input_order()
    {
        RequestSource[] sorted =
        [
            new("", 0, 2), new("", 0, 10), new("/a.csv", 3, 2), new("/a.csv", 12, 10), new("/b.csv", 2, 1),
        ];

        Assert.Equal(sorted, Enumerable.Reverse(sorted).Order());
    }
}
