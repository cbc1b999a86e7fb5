using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using FaceGen.Contract;
using FaceGen.Http;
using FaceGen.ImageFormats;

namespace FaceGen.LiveCheck;

/// <summary>Specifies what a request is for.</summary>
internal enum CallKind
{
    Account,
    Upload,
    Submit,
    Fetch,
    Download,
}

/// <summary>One request, and the response or the failure on the network.</summary>
internal sealed record Exchange
{
    /// <summary>Gets the step of the run that sent the request, such as <c>link fetch</c>.</summary>
    internal required string Step { get; init; }

    internal required CallKind Kind { get; init; }

    internal required HttpMethod Method { get; init; }

    internal required Uri Address { get; init; }

    /// <summary>Gets the fields of the request's body without the key; null if the request has no body.</summary>
    internal JsonObject? Fields { get; init; }

    internal DateTimeOffset SentAt { get; } = DateTimeOffset.UtcNow;

    /// <summary>Gets the result as FaceGen reads it.</summary>
    internal ApiResult Result { get; init; } = new();

    internal byte[] Body { get; init; } = [];

    internal string? MediaType { get; init; }

    internal long? Length { get; init; }

    internal string? ContentRange { get; init; }

    /// <summary>Gets the target of a redirect.</summary>
    internal Uri? Location { get; init; }

    /// <summary>True if the response contains the key.</summary>
    internal bool HasKey { get; init; }

    internal int Status => Result.Status;

    /// <summary>Gets the response as JSON; undefined if it is not a JSON object.</summary>
    internal JsonElement Json => Result.Response?.Root ?? default;

    internal JsonElement this[string field] => TolerantJson.GetProperty(Json, field);

    internal bool IsSuccess => Result.Response is { IsSuccess: true };

    internal bool IsPending => Result.Response is { IsPending: true };

    /// <summary>Gets how FaceGen classifies the response; null for a download.</summary>
    internal Outcome? Outcome => Kind switch
    {
        CallKind.Submit => OutcomeClassifier.ClassifySubmission(Result),
        CallKind.Fetch => OutcomeClassifier.ClassifyFetch(Result),
        CallKind.Upload => OutcomeClassifier.ClassifyUpload(Result),
        CallKind.Account => OutcomeClassifier.ClassifyAccountRequest(Result),
        _ => null,
    };

    /// <summary>Gets the error of a refusal; null for every other outcome.</summary>
    internal ErrorCode? Error => Outcome is Outcome.Failed failed ? failed.Error.Code : null;

    /// <summary>True if the service accepted the submission and FaceGen knows how to fetch the images.</summary>
    internal bool IsAccepted => Kind == CallKind.Submit && Outcome is Outcome.Pending or Outcome.Finished;

    /// <summary>Gets the downloaded image, decoded if it came as base64 text; null if the body is not a complete image.</summary>
    internal CompleteImage? Image => CompleteImage.Read(Body) ?? CompleteImage.Decode(Encoding.ASCII.GetString(Body));

    /// <summary>Returns a description for the report, which redacts it.</summary>
    internal string Describe() =>
        Result.StatusCode is null ? $"no response: {Result.Failure}"
        : Result.Failure is { } failure ? $"HTTP {Status}, then {failure}"
        : Result.Response is { } response ? $"HTTP {Status}, status '{response.Status}'{(response.Message.Length > 0 ? $": {response.Message}" : "")}"
        : $"HTTP {Status} with {Body.Length} bytes of {MediaType ?? "no media type"}";
}

/// <summary>A complete image of the service.</summary>
/// <param name="Bytes">The image file.</param>
/// <param name="Info">Its format and size.</param>
/// <param name="IsBase64">True if it came as base64.</param>
internal sealed record CompleteImage(byte[] Bytes, ImageInfo Info, bool IsBase64)
{
    internal static CompleteImage? Read(byte[] bytes) =>
        ImageInfo.ReadComplete(bytes) is { } info ? new CompleteImage(bytes, info, IsBase64: false) : null;

    internal static CompleteImage? Decode(string text) =>
        Base64Decoder.TryDecode(text.Trim(), out byte[] bytes) && Read(bytes) is { } image ? image with { IsBase64 = true } : null;
}
