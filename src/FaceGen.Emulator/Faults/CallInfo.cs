using System.Globalization;
using FaceGen.Emulator.Generating;

namespace FaceGen.Emulator.Faults;

/// <summary>What the choice of a fault goes by.</summary>
/// <param name="Kind">The kind of call.</param>
/// <param name="Subject">
/// What the call is about. The same for calls about the same thing, and in every run, whatever order ids are given in.
/// </param>
/// <param name="Prompt">The prompt that it is about; null where it is about none.</param>
internal sealed record CallInfo(CallKind Kind, string Subject, string? Prompt)
{
    internal static CallInfo ForSubmission(string? prompt) => new(CallKind.Submit, prompt ?? "", prompt);

    internal static CallInfo ForFetch(EmulatedGeneration? generation) =>
        new(CallKind.Fetch, generation?.Identity ?? "", generation?.Parameters.Prompt);

    internal static CallInfo ForDownload(EmulatedGeneration generation, long index) => new(
        CallKind.Download,
        string.Create(CultureInfo.InvariantCulture, $"{index} {generation.Identity}"),
        generation.Parameters.Prompt);

    internal static CallInfo ForWebhook(EmulatedGeneration generation) =>
        new(CallKind.Webhook, generation.Identity, generation.Parameters.Prompt);

    internal static CallInfo ForOther(CallKind kind, string path) => new(kind, path, Prompt: null);
}
