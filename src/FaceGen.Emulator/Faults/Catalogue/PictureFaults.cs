using FaceGen.Emulator.Drawing;
using FaceGen.Emulator.Http.Replies;

namespace FaceGen.Emulator.Faults.Catalogue;

/// <summary>Pictures that are censored, broken or not what was asked for.</summary>
internal static class PictureFaults
{
    internal static readonly IReadOnlyList<Fault> All =
    [
        Create("Q16-black", "A picture that is all black, for good.", DefectivePicture.Black).AsPermanent(),
        Create("Q16-near-black", "A picture that is nearly black, for good.", DefectivePicture.NearBlack).AsPermanent(),
        Create("Q16-same-file", "The same file whatever was asked for, for good.", static _ => DefectivePicture.Placeholder)
            .AsPermanent(),
        Create("Q17-other-size", "A picture of half the size, for good.", DefectivePicture.HalfSize).AsPermanent(),
        Create("png-half", "Half of the PNG, with the Content-Length of that half.", static png => png[..(png.Length / 2)]),
        Create("png-huge-header", "A PNG whose header declares 65,535 x 65,535 pixels.", DefectivePicture.HugeHeader),
    ];

    private static Fault Create(string id, string description, Func<byte[], byte[]> alter) =>
        EditDownload.Alter(id, description, (_, picture) => Alter(picture, alter));

    /// <summary>Of another file, the part that was asked for need not be there.</summary>
    private static PictureResponse? Alter(PictureResponse picture, Func<byte[], byte[]> alter) =>
        picture.WithPng(alter(picture.Png)) is { IsSuccess: true } spoilt ? spoilt : null;
}
