using System.ComponentModel;
using System.Globalization;
using System.Text.RegularExpressions;
using FaceGen.Contract;
using FaceGen.ImageFormats;

namespace FaceGen;

/// <summary>
/// Represents the face image of a request: a link, a local file, or bytes. A file is verified completely when the request is created
/// and read again when the request is sent, so that a long list of requests holds no images in memory.
/// </summary>
[TypeConverter(typeof(FaceImageConverter))]
public sealed class FaceImage
{
    /// <summary>The number of characters that a cell of Excel or LibreOffice holds; the rest of a longer text is lost without a warning.</summary>
    private const int MaxCellLength = 32767;

    /// <summary>Matches the text of a face image that was given as bytes, which is all that serialization keeps of it.</summary>
    private static readonly Regex BytesDescription = new(@"^\(\d+ bytes of \w+\)$", RegexOptions.CultureInvariant);

    private readonly byte[]? _bytes;
    private readonly ImageFormat? _format;

    /// <summary>The version of the file that was verified last; null for none.</summary>
    private FileVersion? _verified;

    private FaceImage(Uri? link, string? path, byte[]? bytes, ImageFormat? format, FileVersion? verified = null)
    {
        Link = link;
        FilePath = path;
        _bytes = bytes;
        _format = format;
        _verified = verified;
    }

    /// <summary>Gets the value that <see cref="FaceImageReader"/> has yet to read; null for a face image.</summary>
    internal object? Unread { get; private init; }

    /// <summary>Gets the error of a value that is not a face image; null for a face image.</summary>
    internal FaceGenException? Error { get; private init; }

    /// <summary>Gets the image's address, if it is a link.</summary>
    public Uri? Link { get; }

    /// <summary>Gets the image's full path, if it is a local file.</summary>
    public string? FilePath { get; }

    /// <summary>Gets the image's format, if it is a file or bytes: the name of an <see cref="ImageFormat"/>.</summary>
    public string? Format => _format?.ToString();

    /// <summary>
    /// Parses an http or https link, a data URI, plain base64 of an image, or the path of a file.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="resolvePath">Returns the full path of a file.</param>
    /// <param name="isFileChecked">False to leave the check of a file to <see cref="FaceImageReader"/>.</param>
    /// <exception cref="FaceGenException">The file or the base64 is not an image of at most 5 MB that decodes.</exception>
    internal static FaceImage Parse(string text, Func<string, string> resolvePath, bool isFileChecked = true)
    {
        bool fillsCell = text.Length == MaxCellLength;
        text = RemoveQuotes(InvisibleCharacters.Trim(text));
        fillsCell |= text.Length == MaxCellLength;
        if (BytesDescription.IsMatch(text)) throw CreateError("The face image was given as bytes, which a file, a job or a remote session does not keep. Nothing was sent. Give the image again.");
        if (text.StartsWith("https://", StringComparison.OrdinalIgnoreCase) || text.StartsWith("http://", StringComparison.OrdinalIgnoreCase))
            return new FaceImage(ParseLink(text), null, null, null);

        if (fillsCell && IsCutOffBase64(text)) throw CreateError("The face image has 32,767 characters, the limit of a spreadsheet cell: the rest of the image is missing. Nothing was sent. Save the image as a file and use its path, or use a link.");

        bool isDataUri = Base64Decoder.IsDataUri(text);
        bool isBase64 = Base64Decoder.TryDecode(text, out byte[] bytes, out string fault);
        if (isDataUri) return isBase64 ? FromBytes(bytes) : throw CreateError($"The data URI {fault}. Nothing was sent. Encode the image again, or use its file or a link.");

        // A path can look like base64, so the text is base64 only if it decodes to an image.
        if (isBase64 && ImageHeader.DetectFaceFormat(bytes) is not null) return FromBytes(bytes);
        if (Base64Decoder.IsLikelyBase64(text))
        {
            throw CreateError(string.Format(CultureInfo.InvariantCulture, "The face image looks like base64 of {0} characters, which {1}. Nothing was sent. Encode the image again, or use its file or a link.",
                text.Length, isBase64 ? "is not a PNG, JPEG or WebP image" : fault));
        }

        string path = FilePathParser.Resolve(text, resolvePath);
        return isFileChecked ? FromFile(path) : FromUncheckedFile(path);
    }

    /// <summary>True if a text is the beginning of an image in base64.</summary>
    private static bool IsCutOffBase64(string text)
    {
        // The cut can be inside a byte or a percent escape.
        for (int length = text.Length; length > text.Length - 4; length--)
        {
            if (Base64Decoder.TryDecode(text.Substring(0, length), out byte[] bytes))
                return ImageHeader.DetectFaceFormat(bytes) is { } format && ImageFault.Find(bytes, format) is not null;
        }

        return false;
    }

    /// <summary>Parses a link of any length: a presigned link with a session token has thousands of characters.</summary>
    private static Uri ParseLink(string text)
    {
        // These characters are never part of a link and change it invisibly.
        if (text.FirstOrDefault(c => char.IsControl(c) || c is '\u00AD' or '\u200B' or '\u200E' or '\u200F' or '\u2028' or '\u2029' or '\u2060' or '\uFEFF') is not '\0' and var hidden)
            throw CreateError($"The link '{InvisibleCharacters.Escape(text, 300)}' has the invisible character {InvisibleCharacters.Escape(hidden.ToString(), 10)}. Nothing was sent. Remove the character.");

        return Uri.TryCreate(text, UriKind.Absolute, out Uri? link) && link.Host.Length > 0
            ? link
            : throw CreateError(string.Format(CultureInfo.InvariantCulture, "'{0}' ({1} characters) is not a valid http or https link of at most 65,519 characters. Nothing was sent. Correct the link.", InvisibleCharacters.Escape(text, 100), text.Length));
    }

    /// <summary>Removes the quotes that "Copy as path" and scripts put around a text.</summary>
    private static string RemoveQuotes(string text) => text.Length > 1 && text[0] switch
    {
        '"' or '\'' => text[text.Length - 1] == text[0],
        '\u201C' => text[text.Length - 1] == '\u201D',
        '\u2018' => text[text.Length - 1] == '\u2019',
        _ => false,
    } ? InvisibleCharacters.Trim(text.Substring(1, text.Length - 2)) : text;

    /// <summary>Creates a face image from bytes.</summary>
    /// <exception cref="FaceGenException">The bytes are not an image of at most 5 MB that decodes.</exception>
    internal static FaceImage FromBytes(byte[] bytes) => new(null, null, bytes, Verify(bytes, "The face image"));

    /// <summary>Creates a face image from a local file.</summary>
    /// <exception cref="FaceGenException">The file does not exist, cannot be read, or is not an image of at most 5 MB that decodes.</exception>
    internal static FaceImage FromFile(string fullPath)
    {
        try
        {
            byte[] bytes = ReadFile(fullPath, out FileVersion version);
            return new FaceImage(null, fullPath, null, Verify(bytes, NameOf(fullPath)), version);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            string reason = e is FileNotFoundException or DirectoryNotFoundException ? "does not exist"
                : Directory.Exists(fullPath) ? "is a folder"
                : $"cannot be read: {e.Message.TrimEnd('.')}";
            throw CreateError($"{NameOf(fullPath)} {reason}. Nothing was sent. Correct the path, or use a link.", e);
        }
    }

    /// <summary>Creates a face image from a local file that was verified before; it is verified again when it is sent.</summary>
    internal static FaceImage FromUncheckedFile(string fullPath) => new(null, fullPath, null, null);

    /// <summary>Creates a stand-in for a value that the command reads, since only it can resolve a path.</summary>
    internal static FaceImage FromUnread(object value) => new(null, null, null, null) { Unread = value };

    /// <summary>Creates a stand-in for a value that is not a face image, so that the command that uses it reports the error.</summary>
    internal static FaceImage FromError(FaceGenException error) => new(null, null, null, null) { Error = error };

    /// <summary>Returns the value of <c>face_image</c>: the link, or the bytes as a data URI.</summary>
    /// <exception cref="FaceGenException">The file no longer exists, or is no longer an image.</exception>
    internal string ToApiValue() => Link?.AbsoluteUri ?? ToDataUri(ReadBytes());

    /// <summary>Returns an image's bytes as a data URI.</summary>
    /// <exception cref="FaceGenException">The bytes are not an image of at most 5 MB.</exception>
    internal static string ToDataUri(byte[] bytes)
    {
        ImageFormat format = DetectFormat(bytes, "The face image");
        return $"data:{format.GetMediaType()};base64,{Convert.ToBase64String(bytes)}";
    }

    /// <summary>Returns the image's bytes, if it is not a link. A file that has changed since it was verified is verified again.</summary>
    /// <exception cref="FaceGenException">The file was deleted, or replaced by one that is not an image of at most 5 MB that decodes.</exception>
    internal byte[] ReadBytes()
    {
        if (_bytes is not null) return _bytes;

        try
        {
            byte[] bytes = ReadFile(FilePath!, out FileVersion version);
            if (version == _verified) return bytes;

            Verify(bytes, NameOf(FilePath!));
            _verified = version;
            return bytes;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CreateError($"{NameOf(FilePath!)} can no longer be read: {e.Message.TrimEnd('.')}. Nothing was sent. Restore the file, or use another one.", e);
        }
    }

    /// <summary>Returns the link, the file's path, or the size and format of the bytes.</summary>
    public override string ToString() => Link?.AbsoluteUri ?? FilePath ?? (_bytes is null ? Unread?.ToString() ?? "" : $"({_bytes.Length} bytes of {Format})");

    /// <summary>Reads a file that other programs may have open.</summary>
    /// <exception cref="FaceGenException">The file is empty or too large.</exception>
    private static byte[] ReadFile(string path, out FileVersion version)
    {
        var info = new FileInfo(path);
        version = info.Exists ? new FileVersion(info.Length, info.LastWriteTimeUtc) : new FileVersion(0, default);
        // A pipe has no length, and opening it can block without end.
        if (info.Exists) CheckLength(info.Length, NameOf(path));

        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        CheckLength(file.Length, NameOf(path));
        byte[] bytes = new byte[file.Length];
        int length = 0;
        for (int read = 1; read > 0 && length < bytes.Length; length += read) read = file.Read(bytes, length, bytes.Length - length);
        Array.Resize(ref bytes, length);
        return bytes;
    }

    /// <summary>Checks an image completely.</summary>
    private static ImageFormat Verify(byte[] bytes, string name)
    {
        ImageFormat format = DetectFormat(bytes, name);
        return ImageFault.Find(bytes, format) is { } fault ? throw CreateInvalidImageError($"{name} {fault}.") : format;
    }

    private static ImageFormat DetectFormat(byte[] bytes, string name)
    {
        CheckLength(bytes.Length, name);
        return ImageHeader.DetectFaceFormat(bytes) ?? throw CreateInvalidImageError($"{name} is not a PNG, JPEG or WebP image.");
    }

    private static void CheckLength(long length, string name)
    {
        if (length == 0) throw CreateInvalidImageError($"{name} is empty.");
        if (length > Limits.MaxFaceImageBytes)
            throw CreateInvalidImageError(string.Format(CultureInfo.InvariantCulture, "{0} has {1:0.0} MB.", name, length / 1048576.0));
    }

    private static string NameOf(string path) => $"The face image '{InvisibleCharacters.Escape(path, 300)}'";

    private static FaceGenException CreateInvalidImageError(string fault) =>
        CreateError($"{fault} Nothing was sent. Use a PNG, JPEG or WebP image of at most 5 MB.");

    private static FaceGenException CreateError(string message, Exception? inner = null) =>
        new(ErrorCode.FaceImageInvalid, message, inner);

    /// <summary>The length and the last write time of a file, which change with its content.</summary>
    private sealed record FileVersion(long Length, DateTime WrittenAt);
}
