using FaceGen.ImageFormats;
using System.Globalization;
using System.Security.Cryptography;
using FaceGen.Contract;

namespace FaceGen.Saving;

/// <summary>
/// Describes the images of one run. It recognizes images that the safety filter seems to have altered: an image that the response flags,
/// a blank image, and one that came for another request too, because some services send the same file for everything that they censor.
/// </summary>
internal sealed class SavedImageFactory
{
    /// <summary>The number of images that are remembered, so that memory stays bounded.</summary>
    private const int MaxRemembered = 10_000;

    private readonly Dictionary<string, (string? Prompt, long? Seed)> _firstRequests = new(StringComparer.Ordinal);

    /// <summary>Describes an image.</summary>
    /// <param name="path">The path of its file.</param>
    /// <param name="image">The content of the file.</param>
    /// <param name="generation">Its generation.</param>
    /// <param name="index">The index of the image, from 0.</param>
    /// <param name="receivedSha256">The hash of the image as the service sent it, if the file has metadata too.</param>
    internal SavedImage Create(string path, CheckedImage image, Generation generation, int index, string? receivedSha256 = null)
    {
        (ArraySegment<byte> bytes, ImageInfo info) = image;
        string sha256 = ComputeSha256([bytes]);
        return new SavedImage(generation, info.Format)
        {
            FullName = path,
            Length = bytes.Count,
            Sha256 = sha256,
            Width = info.Width,
            Height = info.Height,
            Filtered = ContentFlags.IsSet(generation.Meta, index) || BlankImage.IsBlank(bytes, info) || IsRepeated(receivedSha256 ?? sha256, generation),
            Incomplete = !info.IsComplete,
            Index = index + 1,
        };
    }

    /// <summary>Returns the hash of a file that consists of parts, in lower-case hexadecimal.</summary>
    internal static string ComputeSha256(IEnumerable<ArraySegment<byte>> parts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (ArraySegment<byte> part in parts) hash.AppendData(part.Array!, part.Offset, part.Count);
        return string.Concat(hash.GetHashAndReset().Select(b => b.ToString("x2", CultureInfo.InvariantCulture)));
    }

    /// <summary>Remembers an image; true if the same file came for another prompt or seed before.</summary>
    private bool IsRepeated(string sha256, Generation generation)
    {
        (string?, long?) request = (generation.Prompt, generation.Seed);
        lock (_firstRequests)
        {
            if (_firstRequests.TryGetValue(sha256, out (string?, long?) first)) return first != request;
            if (_firstRequests.Count < MaxRemembered) _firstRequests.Add(sha256, request);
            return false;
        }
    }
}
