using System.Collections;
using System.Globalization;

namespace FaceGen.Contract;

/// <summary>Reads the value of a face image in any form in which a user can give it.</summary>
internal static class FaceImageReader
{
    /// <summary>
    /// Returns the face image of a value: a face image, a saved image, an uploaded face, a file, a link, bytes, or the text of a link,
    /// a path or base64; null if it is not given.
    /// </summary>
    /// <param name="value">The value.</param>
    /// <param name="parse">Parses a text, as <see cref="FaceImage.Parse"/> does.</param>
    /// <exception cref="FaceGenException">The value is not a face image of at most 5 MB.</exception>
    internal static FaceImage? Read(object? value, Func<string, FaceImage> parse)
    {
        switch (value)
        {
            case FaceImage { Error: { } error }: throw error;
            case FaceImage { Unread: { } unread }: return Read(unread, parse);
            case FaceImage { FilePath: { } path, Format: null }: return FaceImage.FromFile(path);
            case FaceImage image: return image;
            case byte[] bytes: return FaceImage.FromBytes(bytes);
            case IList items when ToBytes(items) is { } numbers: return FaceImage.FromBytes(numbers);
            case FileInfo file: return FaceImage.FromFile(file.FullName);
            case SavedImage saved: return FaceImage.FromFile(saved.FullName);
            case PublishedFace published: return parse(published.FaceImage.AbsoluteUri);
            case Uri { IsAbsoluteUri: true } link: return parse(link.AbsoluteUri);
            default: return RequestField.FaceImage.Read(value) is string text ? parse(text) : null;
        }
    }

    /// <summary>
    /// Returns the path or the link of a face image, an image or a file that was serialized to an object with properties; null if it has
    /// none.
    /// </summary>
    /// <param name="getProperty">Returns the text of a property; null if the object does not have it.</param>
    internal static string? FindText(Func<string, string?> getProperty) => ((string[])[nameof(FaceImage.FilePath), nameof(FaceImage.Link), nameof(SavedImage.FullName)])
        .Select(getProperty).FirstOrDefault(text => !string.IsNullOrEmpty(text));

    /// <summary>Returns the bytes of a list of numbers, as PowerShell holds them; null if one is not a byte.</summary>
    private static byte[]? ToBytes(IList items)
    {
        byte[] bytes = new byte[items.Count];
        for (int i = 0; i < bytes.Length; i++)
        {
            if (items[i] is not (byte or int or long)) return null;

            long number = Convert.ToInt64(items[i], CultureInfo.InvariantCulture);
            if (number is < 0 or > 255) return null;
            bytes[i] = (byte)number;
        }

        return bytes.Length > 0 ? bytes : null;
    }
}
