using System.Security.Cryptography;
using FaceGen.Contract;
using FaceGen.Generating;
using FaceGen.Http;

namespace FaceGen.Saving;

/// <summary>Saves the images of generations as files.</summary>
internal sealed class ImageSaver(Connection connection, SaveOptions options)
{
    private static readonly ImageFormat[] Formats = [ImageFormat.Png, ImageFormat.Jpeg, ImageFormat.WebP];

    /// <summary>Saves one image.</summary>
    /// <exception cref="FaceGenException">There is no image to be had, or it cannot be written.</exception>
    internal async Task<SavedImage> SaveAsync(Generation generation, int index, CancellationToken cancel)
    {
        string path = Path.Combine(options.Folder, options.Name.Expand(generation, index));
        if (options.SkipExisting && Existing(path) is { } existing)
            return Describe(existing, File.ReadAllBytes(existing), generation, index);

        CheckedImage image = await Download.ImageAsync(connection, generation, index, options.Timeout, cancel).ConfigureAwait(false);
        path += image.Info.Format.Extension();
        AtomicFile.Write(path, image.Bytes, options.Force);
        SavedImage saved = Describe(path, image.Bytes, generation, index);
        if (options.Sidecar) AtomicFile.Write(path + Sidecar.Extension, Sidecar.Write(saved), replace: true);
        return saved;
    }

    private static string? Existing(string path) =>
        Formats.Select(format => path + format.Extension()).FirstOrDefault(File.Exists);

    private static SavedImage Describe(string path, byte[] bytes, Generation generation, int index)
    {
        ImageInfo info = ImageInfo.Check(bytes)
            ?? throw new FaceGenException(ErrorCode.ImageInvalid, $"'{path}' is there already and is no complete image. -Force replaces it.");
        return new SavedImage
        {
            FullName = path,
            Length = bytes.Length,
            Sha256 = Hash(bytes),
            Format = info.Format,
            Width = info.Width,
            Height = info.Height,
            Filtered = BlankImage.IsBlank(bytes, info),
            Index = index + 1,
            Generation = generation,
        };
    }

    private static string Hash(byte[] bytes)
    {
#if NETSTANDARD
        using var sha = SHA256.Create();
        return string.Concat(sha.ComputeHash(bytes).Select(b => b.ToString("x2", System.Globalization.CultureInfo.InvariantCulture)));
#else
        return Convert.ToHexString(SHA256.HashData(bytes)).ToLowerInvariant();
#endif
    }
}
