namespace FaceGen.Contract;

/// <summary>
/// What the face generation API allows, in one place: the parameters' validation, the readers of request files, the
/// completers and the emulator all take their bounds from here. Source: the published contract of
/// <c>POST /image_editing/face_gen</c>.
/// </summary>
internal static class Limits
{
    /// <summary>The smallest width and height, in pixels, that make a picture.</summary>
    internal const int MinDimension = 1;

    /// <summary>The largest width, in pixels.</summary>
    internal const int MaxWidth = 512;

    /// <summary>The largest height, in pixels.</summary>
    internal const int MaxHeight = 768;

    internal const double MinGuidanceScale = 1;
    internal const double MaxGuidanceScale = 20;

    internal const double MinSScale = 0;
    internal const double MaxSScale = 2;

    internal const int MinSamples = 1;

    /// <summary>The most images that one request brings back.</summary>
    internal const int MaxSamples = 2;

    /// <summary>The largest face image, in bytes (5 MB).</summary>
    internal const int MaxFaceImageBytes = 5 * 1024 * 1024;

    /// <summary>How many hours an image's link works after generation.</summary>
    internal const int LinkLifetimeHours = 24;

    /// <summary>The queue of the smallest plan (pay as you go): requests that an account may have queued.</summary>
    internal const int DefaultQueueLimit = 5;

    /// <summary>How often a minute the length of an account's queue may be asked for.</summary>
    internal const int MaxRequestCountsPerMinute = 30;

    /// <summary>The step counts that <c>num_inference_steps</c> may have.</summary>
    internal static readonly IReadOnlyList<int> NumInferenceSteps = [21, 31, 41];

    /// <summary>The values of <c>style</c>; the service's default is <c>realistic</c>.</summary>
    internal static readonly IReadOnlyList<string> Styles = ["realistic", "comic", "chibi", "3d", "anime"];

    /// <summary>The values of <c>safety_checker_type</c>.</summary>
    internal static readonly IReadOnlyList<string> SafetyCheckerTypes =
        ["black", "blur", "sensitive_content_text", "pixelate"];
}
