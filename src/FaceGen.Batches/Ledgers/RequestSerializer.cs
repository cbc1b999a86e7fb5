using System.Globalization;
using System.Text;
using System.Text.Json;
using FaceGen.Contract;
using FaceGen.ImageFormats;

namespace FaceGen.Batches.Ledgers;

/// <summary>
/// Serializes requests for the ledger: the API's JSON, in which a face image is a link, the path of a file, or the hash of bytes in
/// the ledger's table of faces, and the columns of the row.
/// </summary>
internal sealed class RequestSerializer
{
    private const string HashPrefix = "sha256:";

    /// <summary>The property that contains the name of the row's operation; rows of earlier versions have none.</summary>
    private const string OperationName = "operation";

    /// <summary>The maximum number of cached face images, which bounds memory.</summary>
    private const int CacheCapacity = 1024;

    private readonly Dictionary<string, LocalFace> _localByPath = new(StringComparer.Ordinal);
    private readonly Dictionary<string, FaceImage> _faceByText = new(StringComparer.Ordinal);

    /// <summary>Returns the row of the input for a request.</summary>
    /// <exception cref="FaceGenException">The file of the face image cannot be read.</exception>
    internal InputRow ToInputRow(Request request)
    {
        FaceImage face = request.FaceImage;
        LocalFace? local = face.Link is null ? ReadLocal(face, request.NeedsFaceSize) : null;
        string? hash = local?.Hash;
        bool isInline = face.Link is null && face.FilePath is null;
        string text = Encoding.UTF8.GetString(JsonObjectWriter.Write(json =>
        {
            json.WriteString(OperationName, Operation.FaceGen.Name);
            RequestJson.WriteStored(json, request, isInline ? hash! : face.Link?.AbsoluteUri ?? face.FilePath!);
        }));
        return new InputRow(ComputeIdentity(request, hash), text, request.ImageCount, hash,
            isInline ? face.ReadBytes() : null, request.Source)
        {
            FaceLength = local?.Length ?? 0,
            MayReturnFewerImages = local?.Size is { } size ? request.MayReturnFewerImagesOf(size.Width, size.Height) : request.MayReturnFewerImages,
            MayHaveLegacyHash = face.Link is not null || request.Fields.Any(field => field.Value is string text && text.IndexOfAny(['\r', '\n']) >= 0),
        };
    }

    /// <summary>Returns the hash under which <see cref="ToInputRow"/> knows a row that the ledger holds; null if its text is invalid.</summary>
    /// <param name="text">The request as the ledger stores it.</param>
    /// <param name="face">The hash of its face image; null for a link.</param>
    internal string? ComputeHash(string text, string? face)
    {
        try
        {
            return ComputeIdentity(Deserialize(text, name => name.StartsWith(HashPrefix, StringComparison.Ordinal) ? FaceImage.FromUncheckedFile(name) : ReadFace(name, _ => [])), face);
        }
        catch (FaceGenException)
        {
            // The row was edited by hand; the code that reads it reports the error.
            return null;
        }
    }

    /// <summary>Returns the request of a row.</summary>
    /// <param name="text">What <see cref="ToInputRow"/> wrote.</param>
    /// <param name="source">The file and line of the row.</param>
    /// <param name="readFace">Reads the bytes of a face image in the ledger.</param>
    /// <exception cref="FaceGenException">The text was edited by hand and is invalid.</exception>
    internal Request Deserialize(string text, RequestSource? source, Func<string, byte[]> readFace) => Deserialize(text, face => ReadFace(face, readFace), source);

    private static Request Deserialize(string text, Func<string, FaceImage> readFace, RequestSource? source = null)
    {
        var builder = new RequestBuilder(readFace, isStored: true);
        try
        {
            using JsonDocument json = JsonDocument.Parse(text);
            foreach (JsonProperty property in json.RootElement.EnumerateObject())
            {
                if (FieldNames.Find(property.Name) is { } field) builder.Set(field, ReadValue(property.Value));
                else if (property.NameEquals(RequestData.AdditionalFieldsName)) builder.SetAdditionalFields(RequestData.ReadObject(property.Value));
                else if (property.NameEquals(RequestData.ColumnsName)) foreach (JsonProperty column in property.Value.EnumerateObject()) builder.SetColumn(column.Name, column.Value.GetString() ?? "");
                else if (property.NameEquals(OperationName) && !property.Value.ValueEquals(Operation.FaceGen.Name)) throw new FaceGenException(ErrorCode.LedgerInvalid, $"{source}: the row has the operation '{DisplayText.Clean(property.Value.ToString(), 60)}', which this version of FaceGen does not have. The row was not sent. Update FaceGen.");
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            throw new FaceGenException(ErrorCode.RequestInvalid, $"{source}: the row's request in the ledger is not a JSON object: {e.Message.TrimEnd('.')}. Nothing is sent for the row. Restore the ledger from a backup, or correct the row (docs/ledger.md).", e);
        }

        RequestRow row = builder.Build(source ?? new RequestSource("", 0, 0), []);
        return row.Request is null ? throw row.Error! : row.Request with { Source = source };
    }

    /// <summary>Returns the hash of the face image that the ledger stores for a request; null for a link or a file.</summary>
    internal static string? FindStoredFace(string text)
    {
        if (text.IndexOf(HashPrefix, StringComparison.Ordinal) < 0) return null;

        try
        {
            using JsonDocument json = JsonDocument.Parse(text);
            return json.RootElement.ValueKind == JsonValueKind.Object
                && json.RootElement.TryGetProperty(RequestField.FaceImage.Name, out JsonElement face) && face.ValueKind == JsonValueKind.String
                && face.GetString() is { } hash && hash.StartsWith(HashPrefix, StringComparison.Ordinal) ? hash : null;
        }
        catch (JsonException)
        {
            // Deserialize reports it.
            return null;
        }
    }

    /// <summary>Returns the SHA-256 of a row's face image; null for a link.</summary>
    internal static string? GetFaceSha256(LedgerRow row) => row.Face?.Split(':')[^1];

    private static object? ReadValue(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object or JsonValueKind.Array => value.GetRawText(),
        JsonValueKind.Number when !value.TryGetInt64(out _) => value.GetDouble(),
        _ => RequestData.ReadValue(value),
    };

    /// <summary>Returns the API's JSON of a request.</summary>
    internal static byte[] ToJson(Request request, string face) => JsonObjectWriter.Write(json => RequestJson.Write(json, request, face));

    /// <summary>
    /// Returns the hash that identifies a request. It includes the bytes of a face image, a link without its signature, and texts with
    /// normalized line ends; it excludes private fields (<see cref="RequestField.IsPrivate"/>), which do not affect the image. An
    /// identifier with leading zeros is the number that earlier versions read.
    /// </summary>
    private static string ComputeIdentity(Request request, string? face) => Sha256.ComputeHex(ToJson(
        request.WithFields((field, value) => field.IsPrivate ? null
            : value is not string text ? value
            : field.Kind == FieldKind.Identifier && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number) ? number
            : NormalizeLineBreaks(text)),
        face ?? SignedLink.WithoutSignature(request.FaceImage.Link!)));

    private static string NormalizeLineBreaks(string text) => text.Replace("\r\n", "\n").Replace('\r', '\n');

    private FaceImage ReadFace(string text, Func<string, byte[]> readFace)
    {
        if (_faceByText.TryGetValue(text, out FaceImage? known)) return known;

        if (text.StartsWith(HashPrefix, StringComparison.Ordinal)) return FaceImage.FromBytes(readFace(text));

        if (_faceByText.Count == CacheCapacity) _faceByText.Clear();
        // A row can be read although its file is missing: the file is checked when it is sent.
        return _faceByText[text] = text.Contains("://") ? FaceImage.Parse(text, path => path) : FaceImage.FromUncheckedFile(text);
    }

    /// <param name="face">The image.</param>
    /// <param name="needsSize">True if the size in pixels is needed, which takes a moment.</param>
    private LocalFace ReadLocal(FaceImage face, bool needsSize)
    {
        if (face.FilePath is { } path && _localByPath.TryGetValue(path, out LocalFace? known) && (known.Size is not null || !needsSize)) return known;

        byte[] bytes = face.ReadBytes();
        var local = new LocalFace(HashPrefix + Sha256.ComputeHex(bytes), bytes.Length, needsSize ? ImageInfo.Read(bytes) : null);
        if (_localByPath.Count == CacheCapacity) _localByPath.Clear();
        if (face.FilePath is not null) _localByPath[face.FilePath] = local;
        return local;
    }

    /// <summary>What a row needs of a face image that is not a link.</summary>
    private sealed record LocalFace(string Hash, int Length, ImageInfo? Size);
}
