using System.Text.Json;
using System.Text.Json.Nodes;
using FaceGen.Contract;
using FaceGen.Emulator.Contract;
using FaceGen.Emulator.Images;
using SkiaSharp;

namespace FaceGen.Emulator.Generating;

/// <summary>An accepted request. Its finish time is fixed at acceptance, so that its state depends only on the clock.</summary>
internal sealed class EmulatedGeneration
{
    private volatile bool _isDeleted;
    private volatile bool _hasFailed;
    private volatile string? _textId;
    private volatile string? _fetchPath;

    internal required long Id { get; init; }

    /// <summary>Gets the id in responses: the number, or the text of <see cref="ReportIdAs"/>.</summary>
    internal JsonNode ReportedId => _textId is { } text ? text : Id;

    /// <summary>Gets the only path at which it can be fetched; null for every path.</summary>
    internal string? FetchPath => _fetchPath;

    /// <summary>Gets the request and its occurrence number as text: the same in every run, whatever the id.</summary>
    internal required string Identity { get; init; }

    internal required GenerationParameters Parameters { get; init; }
    internal required DateTimeOffset StartsAt { get; init; }
    internal required DateTimeOffset FinishesAt { get; init; }

    /// <summary>Gets the reported remaining time divided by the true one; null if no eta is reported.</summary>
    internal required double? EtaFactor { get; init; }

    /// <summary>True if the submission has got its response. Guarded by the account's lock.</summary>
    internal bool IsAnswered { get; set; }

    /// <summary>True if a fault reported it as failed.</summary>
    internal bool HasFailed => _hasFailed;

    internal TimeSpan GenerationTime => FinishesAt - StartsAt;

    /// <summary>Returns the remaining whole seconds as the service reports them.</summary>
    internal int? GetEta(DateTimeOffset now) => EtaFactor is { } factor
        ? Math.Max(0, (int)Math.Ceiling((FinishesAt - now).TotalSeconds * factor))
        : null;

    internal bool IsFinished(DateTimeOffset now) => now >= FinishesAt;

    /// <summary>True if it occupies a slot of the queue; one reported as failed does not.</summary>
    internal bool IsQueued(DateTimeOffset now) => !_hasFailed && !IsFinished(now);

    /// <summary>True if the images can be downloaded: generated, not deleted, and their links not expired.</summary>
    internal bool HasImages(DateTimeOffset now) =>
        IsFinished(now) && now < FinishesAt.AddHours(Limits.LinkLifetimeHours) && !_isDeleted;

    internal void DeleteImages() => _isDeleted = true;

    internal void MarkFailed() => _hasFailed = true;

    /// <summary>Gives it another id in responses. Requests may have either.</summary>
    internal void ReportIdAs(string textId) => _textId = textId;

    /// <summary>Denies every fetch except at one path; an empty path denies all.</summary>
    internal void FetchOnlyAt(string path) => _fetchPath = path;
}

/// <summary>The parameters of a request as used, with the service's defaults.</summary>
internal sealed record GenerationParameters
{
    private const int DefaultSteps = 21;
    private const double DefaultGuidanceScale = 7.5;
    private const double DefaultSScale = 1;
    private const string DefaultStyle = "realistic";
    private const string DefaultSafetyCheckerType = "sensitive_content_text";

    /// <summary>The size if neither the caller nor a known face image gives one.</summary>
    private const int DefaultSide = 512;

    internal required string Prompt { get; init; }
    internal required string? NegativePrompt { get; init; }
    internal required FaceReference Face { get; init; }
    internal required int Width { get; init; }
    internal required int Height { get; init; }
    internal required int NumInferenceSteps { get; init; }
    internal required double GuidanceScale { get; init; }
    internal required double SScale { get; init; }
    internal required int Samples { get; init; }
    internal required bool SafetyChecker { get; init; }
    internal required string SafetyCheckerType { get; init; }
    internal required bool Base64 { get; init; }
    internal required string Style { get; init; }
    internal required long Seed { get; init; }
    internal required string? Webhook { get; init; }
    internal required JsonElement? TrackId { get; init; }

    /// <summary>Resolves the parameters of a request.</summary>
    /// <param name="request">The caller's request.</param>
    /// <param name="randomSeed">The seed if the caller gave none.</param>
    internal static GenerationParameters Resolve(GenerationRequest request, long randomSeed)
    {
        (int width, int height) = ResolveSize(request);
        return new GenerationParameters
        {
            Prompt = request.Prompt,
            NegativePrompt = request.Get<string>(RequestField.NegativePrompt),
            Face = request.Face,
            Width = width,
            Height = height,
            NumInferenceSteps = (int?)request.Get<long?>(RequestField.NumInferenceSteps) ?? DefaultSteps,
            GuidanceScale = request.Get<double?>(RequestField.GuidanceScale) ?? DefaultGuidanceScale,
            SScale = request.Get<double?>(RequestField.SScale) ?? DefaultSScale,
            Samples = request.Samples,
            SafetyChecker = request.Get<bool?>(RequestField.SafetyChecker) ?? false,
            SafetyCheckerType = request.Get<string>(RequestField.SafetyCheckerType) ?? DefaultSafetyCheckerType,
            Base64 = request.Get<bool?>(RequestField.Base64) ?? false,
            Style = request.Get<string>(RequestField.Style) ?? DefaultStyle,
            Seed = request.Get<long?>(RequestField.Seed) ?? randomSeed,
            Webhook = request.Get<string>(RequestField.Webhook),
            TrackId = request.Get<JsonElement?>(RequestField.TrackId),
        };
    }

    /// <summary>Resolves the size, from the face image where the request gives none.</summary>
    internal static (int Width, int Height) ResolveSize(GenerationRequest request)
    {
        SKSizeI face = request.Face.Image?.Size ?? new SKSizeI(DefaultSide, DefaultSide);
        return OutputSize.Resolve(
            (int?)request.Get<long?>(RequestField.Width), (int?)request.Get<long?>(RequestField.Height), face.Width, face.Height);
    }
}
