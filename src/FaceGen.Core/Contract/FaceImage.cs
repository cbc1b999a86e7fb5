using FaceGen.Contract;
using System.Globalization;

namespace FaceGen;

/// <summary>
/// The face of a request: a link, a local file, or the image's own bytes. A file is checked when it is named, and read
/// again only when the request is sent, so that a long list of requests holds no images in memory.
/// </summary>
public sealed class FaceImage
{
    private readonly byte[]? _bytes;

    private FaceImage(Uri? link, string? path, byte[]? bytes, ImageFormat? format)
    {
        Link = link;
        FilePath = path;
        _bytes = bytes;
        Format = format;
    }

    /// <summary>The image's address, where it is a link.</summary>
    public Uri? Link { get; }

    /// <summary>The image's full path, where it is a local file.</summary>
    public string? FilePath { get; }

    /// <summary>The image's format, where it is a file or bytes.</summary>
    public ImageFormat? Format { get; }

    /// <summary>
    /// Reads what a person or a cell gives: an http or https link, a data URI, bare base64 of an image, or else the
    /// path of a file.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="resolvePath">Makes a full path of what stands for a file.</param>
    /// <exception cref="FaceGenException">The file or the base64 is no image of at most 5 MB.</exception>
    internal static FaceImage Parse(string text, Func<string, string> resolvePath)
    {
        text = RemoveQuotes(InvisibleCharacters.Trim(text));
        if (text.StartsWith("https://", StringComparison.OrdinalIgnoreCase) || text.StartsWith("http://", StringComparison.OrdinalIgnoreCase))
            return new FaceImage(ParseLink(text), null, null, null);

        bool isDataUri = Base64Decoder.IsDataUri(text);
        bool isBase64 = Base64Decoder.TryDecode(text, out byte[] bytes, out string fault);
        if (isDataUri) return isBase64 ? FromBytes(bytes) : throw CreateError($"The data URI {fault}. Nothing was sent. Write the image's base64 anew, or give its file or a link.");

        // A path can look like base64, so that only what decodes to an image is taken for base64.
        if (isBase64 && ImageHeader.DetectFaceFormat(bytes) is not null) return FromBytes(bytes);
        if (Base64Decoder.IsLikelyBase64(text))
        {
            throw CreateError(string.Format(CultureInfo.InvariantCulture, "The face image looks like base64 of {0} characters, which {1}. Nothing was sent. Write the image's base64 anew, or give its file or a link.",
                text.Length, isBase64 ? "holds no PNG, JPEG or WebP image" : fault));
        }

        return FromFile(FilePathParser.Resolve(text, resolvePath));
    }

    /// <summary>Takes a link of any length: a presigned one with a session token has thousands of characters.</summary>
    private static Uri ParseLink(string text)
    {
        // These change a link without a trace, and never belong to it.
        if (text.FirstOrDefault(c => char.IsControl(c) || c is '\u00AD' or '\u200B' or '\u200E' or '\u200F' or '\u2028' or '\u2029' or '\u2060' or '\uFEFF') is not '\0' and var hidden)
            throw CreateError($"The link '{InvisibleCharacters.Escape(text, 300)}' holds the invisible character {InvisibleCharacters.Escape(hidden.ToString(), 10)}. Nothing was sent. Remove it.");

        return Uri.TryCreate(text, UriKind.Absolute, out Uri? link) && link.Host.Length > 0
            ? link
            : throw CreateError(string.Format(CultureInfo.InvariantCulture, "'{0}' is not a valid http or https link of at most 65,519 characters; it has {1}.", InvisibleCharacters.Escape(text, 100), text.Length));
    }

    /// <summary>Removes the quotes that "Copy as path" and scripts put around a text.</summary>
    private static string RemoveQuotes(string text) => text.Length > 1 && text[0] switch
    {
        '"' or '\'' => text[text.Length - 1] == text[0],
        '\u201C' => text[text.Length - 1] == '\u201D',
        '\u2018' => text[text.Length - 1] == '\u2019',
        _ => false,
    } ? InvisibleCharacters.Trim(text.Substring(1, text.Length - 2)) : text;

    /// <summary>Takes an image's bytes.</summary>
    /// <exception cref="FaceGenException">They are no image of at most 5 MB.</exception>
    internal static FaceImage FromBytes(byte[] bytes) =>
        new(null, null, bytes, DetectValidFormat(bytes.Length, bytes, "The face image"));

    /// <summary>Takes a local file.</summary>
    /// <exception cref="FaceGenException">It is not there, not readable, or no image of at most 5 MB.</exception>
    internal static FaceImage FromFile(string fullPath)
    {
        try
        {
            // What is no file of its own, a pipe say, has no length: opening it could wait for ever.
            if (new FileInfo(fullPath) is { Exists: true, Length: 0 }) throw CreateError($"The face image '{fullPath}' is empty.");

            using FileStream file = File.OpenRead(fullPath);
            byte[] head = new byte[ImageHeader.RequiredBytes];
            int read = file.Read(head, 0, head.Length);
            Array.Resize(ref head, read);
            return new FaceImage(null, fullPath, null, DetectValidFormat(file.Length, head, $"The face image '{fullPath}'"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            string reason = e is FileNotFoundException or DirectoryNotFoundException ? "does not exist"
                : Directory.Exists(fullPath) ? "is a folder"
                : $"cannot be read: {e.Message.TrimEnd('.')}";
            throw CreateError($"The face image '{InvisibleCharacters.Escape(fullPath, 300)}' {reason}.", e);
        }
    }

    /// <summary>Takes a local file that was checked before; it is checked again when it is sent.</summary>
    internal static FaceImage FromUncheckedFile(string fullPath) => new(null, fullPath, null, null);

    /// <summary>Checks what was not checked when it was named.</summary>
    /// <exception cref="FaceGenException">The file is not there, not readable, or no image of at most 5 MB.</exception>
    internal void Validate()
    {
        if (FilePath is { } path && Format is null) FromFile(path);
    }

    /// <summary>What <c>face_image</c> carries: the link, or the bytes as a data URI.</summary>
    /// <exception cref="FaceGenException">The file has gone, or is no longer an image.</exception>
    internal string ToApiValue() => Link?.AbsoluteUri ?? ToDataUri(ReadBytes());

    /// <summary>An image's bytes as a data URI.</summary>
    /// <exception cref="FaceGenException">They are no image of at most 5 MB.</exception>
    internal static string ToDataUri(byte[] bytes)
    {
        ImageFormat format = DetectValidFormat(bytes.Length, bytes, "The face image");
        return $"data:{format.GetMediaType()};base64,{Convert.ToBase64String(bytes)}";
    }

    /// <summary>The image's bytes; a link has none.</summary>
    /// <exception cref="FaceGenException">The file has gone.</exception>
    internal byte[] ReadBytes() => _bytes ?? ReadFile(FilePath!);

    /// <summary>The link, the file's path, or what kind of bytes it is.</summary>
    public override string ToString() => Link?.AbsoluteUri ?? FilePath ?? $"({_bytes!.Length} bytes of {Format})";

    private static byte[] ReadFile(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CreateError($"The face image '{path}' can no longer be read: {e.Message}", e);
        }
    }

    private static ImageFormat DetectValidFormat(long length, byte[] head, string name)
    {
        if (length == 0) throw CreateError($"{name} is empty.");
        if (length > Limits.MaxFaceImageBytes)
            throw CreateError(string.Format(CultureInfo.InvariantCulture, "{0} has {1:0.0} MB; at most 5 MB are allowed.", name, length / 1048576.0));

        return ImageHeader.DetectFaceFormat(head) ?? throw CreateError($"{name} is no PNG, JPEG or WebP image.");
    }

    private static FaceGenException CreateError(string message, Exception? inner = null) =>
        new(ErrorCode.FaceImageInvalid, message, inner);
}
