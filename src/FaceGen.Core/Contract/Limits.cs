namespace FaceGen.Contract;

/// <summary>
/// Defines the limits of the face generation API for parameter validation, request files, completers and the emulator. Source:
/// the published contract of <c>POST /image_editing/face_gen</c>.
/// </summary>
internal static class Limits
{
    /// <summary>The minimum width and height, in pixels.</summary>
    internal const int MinDimension = 1;

    /// <summary>The maximum width, in pixels.</summary>
    internal const int MaxWidth = 512;

    /// <summary>The maximum height, in pixels.</summary>
    internal const int MaxHeight = 768;

    internal const double MinGuidanceScale = 1;
    internal const double MaxGuidanceScale = 20;

    internal const double MinSScale = 0;
    internal const double MaxSScale = 2;

    internal const int MinSamples = 1;

    /// <summary>The maximum number of images per request.</summary>
    internal const int MaxSamples = 2;

    /// <summary>The maximum size of a face image, in bytes (5 MB).</summary>
    internal const int MaxFaceImageBytes = 5 * 1024 * 1024;

    /// <summary>The hours for which an image's link works after the generation.</summary>
    internal const int LinkLifetimeHours = 24;

    /// <summary>The maximum number of queued requests of an account with the smallest plan (pay as you go).</summary>
    internal const int DefaultQueueLimit = 5;

    /// <summary>The maximum number of requests for the queue's length per minute.</summary>
    internal const int MaxRequestCountsPerMinute = 30;

    /// <summary>The values of <c>num_inference_steps</c>.</summary>
    internal static readonly IReadOnlyList<int> NumInferenceSteps = [21, 31, 41];

    /// <summary>The values of <c>style</c>; the service's default is <c>realistic</c>.</summary>
    internal static readonly IReadOnlyList<string> Styles = ["realistic", "comic", "chibi", "3d", "anime"];

    /// <summary>The values of <c>safety_checker_type</c>.</summary>
    internal static readonly IReadOnlyList<string> SafetyCheckerTypes =
        ["black", "blur", "sensitive_content_text", "pixelate"];
}
