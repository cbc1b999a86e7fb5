using System.Text.Json.Nodes;
using FaceGen.Emulator.Generating;

namespace FaceGen.Emulator.Http;

/// <summary>Writes the parameters as used, the seed among them.</summary>
internal static class GenerationMeta
{
    internal static JsonObject Write(GenerationParameters parameters) => new()
    {
        ["prompt"] = parameters.Prompt,
        ["negative_prompt"] = parameters.NegativePrompt,
        ["face_image"] = parameters.Face.Link,
        ["width"] = parameters.Width,
        ["height"] = parameters.Height,
        ["num_inference_steps"] = parameters.NumInferenceSteps,
        ["guidance_scale"] = parameters.GuidanceScale,
        ["s_scale"] = parameters.SScale,
        ["samples"] = parameters.Samples,
        ["safety_checker"] = parameters.SafetyChecker,
        ["safety_checker_type"] = parameters.SafetyCheckerType,
        ["base64"] = parameters.Base64,
        ["style"] = parameters.Style,
        ["seed"] = parameters.Seed,
        ["webhook"] = parameters.Webhook,
        ["track_id"] = parameters.TrackId,
    };
}
