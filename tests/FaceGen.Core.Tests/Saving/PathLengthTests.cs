using FaceGen.Core.Tests.Support;
using FaceGen.Saving;

namespace FaceGen.Core.Tests.Saving;

/// <summary>A path that is too long is found before its image is paid for.</summary>
public sealed class PathLengthTests
{
    /// <summary>A path of 50 characters.</summary>
    private static readonly string Folder = Path.Combine(Path.GetPathRoot(Path.GetTempPath())!, "f").PadRight(50, 'f');

    private static readonly Request Request = FakeService.Request("a hat") with { Source = new RequestSource("people.csv", 2, 1), Samples = 2 };

    [Theory]
    // A separator, the temporary name of 40 characters; its extension is part of it.
    [InlineData("a", 91)]
    [InlineData("{row}/a", 93)]
    // A separator, 61 characters, the number of the image and ".webp".
    [InlineData("0123456789012345678901234567890123456789012345678901234{row}{prompt}", 119)]
    // The service's id, as long as a UUID, the number of the image, and ".webp".
    [InlineData("{id}-{index}", 94)]
    public void FindError_path_of_maximum_length_is_valid(string name, int length)
    {
        var options = new SaveOptions(Folder, new FileNameTemplate(name));

        Assert.Null(PathLength.FindError(options, Request, length));
        FaceGenException? error = PathLength.FindError(options, Request, length - 1);
        Assert.Equal(ErrorCode.FileNameInvalid, error?.Code);
        Assert.StartsWith($"people.csv:2: The path '{Folder}", error!.Message, StringComparison.Ordinal);
        Assert.Contains($" up to {length} {PathLength.Unit}, and this machine allows {length - 1}. ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void FindError_includes_sidecar() =>
        Assert.NotNull(PathLength.FindError(new SaveOptions(Folder, new FileNameTemplate("{id}-{index}")) { Sidecar = true }, Request, 98));

    [Fact]
    public void Temporary_name_is_not_longer_than_its_maximum() => Assert.InRange(PartFileName.Create().Length, 31, PartFileName.MaxLength);
}
