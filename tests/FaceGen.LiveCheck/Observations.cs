using System.Text.Json;
using FaceGen.Contract;
using FaceGen.Http;

namespace FaceGen.LiveCheck;

/// <summary>Everything that a run observed.</summary>
/// <param name="Address">The service's address.</param>
/// <param name="Exchanges">All requests and responses, in order.</param>
/// <param name="Images">The saved images.</param>
/// <param name="Face">The face image.</param>
internal sealed record Observations(
    ServiceAddress Address, IReadOnlyList<Exchange> Exchanges, IReadOnlyList<ReceivedImage> Images, CompleteImage Face)
{
    /// <summary>The steps whose requests must be refused.</summary>
    private static readonly string[] RefusedSteps = ["no-key", "wrong-key", "other-key", "unknown-id", "delete-unknown", "invalid", "assets", "assets-v6"];

    /// <summary>Gets the requests with a JSON response.</summary>
    internal IEnumerable<Exchange> ApiCalls => Exchanges.Where(exchange => exchange.Kind != CallKind.Download);

    /// <summary>Gets the requests that the service must not refuse. It may refuse an inline face image (Q35) and a repetition (Q40).</summary>
    internal IEnumerable<Exchange> ValidCalls => ApiCalls.Where(exchange => !RefusedSteps.Contains(exchange.Step) && exchange is not { Step: "inline" or "repeat", IsAccepted: false });

    /// <summary>
    /// True if FaceGen handles that a request failed: it is sent again with success, another way replaces it, or its outcome is reported as
    /// unknown.
    /// </summary>
    internal bool IsHandled(Exchange failed) => failed switch
    {
        { Outcome: Outcome.Retry } when Find(failed.Step) is { Outcome: not Outcome.Retry } => true,
        { Kind: CallKind.Submit } => failed.Outcome is Outcome.Uncertain or Outcome.Failed { Error.EndsRun: true },
        // The images are sent inline.
        { Kind: CallKind.Upload } => true,
        { Kind: CallKind.Fetch } => IsSaved(failed),
        { Step: "count" } => Find("count-get") is { IsSuccess: true },
        _ => false,
    };

    /// <summary>True if an image of the generation was saved that a fetch is about, by whatever way.</summary>
    internal bool IsSaved(Exchange fetch) => FindImage(fetch.Step == "fetch-result" ? "link" : fetch.Step.Split(' ')[0]) is not null;

    /// <summary>Gets the submissions that were accepted.</summary>
    internal IEnumerable<Exchange> Accepted => Exchanges.Where(exchange => exchange.IsAccepted);

    /// <summary>Gets the submissions that are answered as queued, with or without an id.</summary>
    internal IEnumerable<Exchange> Queued => Exchanges.Where(exchange => exchange is { Kind: CallKind.Submit, IsPending: true });

    /// <summary>Gets the responses that report a finished generation.</summary>
    internal IEnumerable<Exchange> Finished => Exchanges.Where(exchange => exchange is { Kind: CallKind.Submit or CallKind.Fetch, IsSuccess: true });

    internal IEnumerable<Exchange> Polls => Exchanges.Where(exchange => exchange.Kind == CallKind.Fetch && exchange.Step.EndsWith(" fetch", StringComparison.Ordinal));

    /// <summary>Gets the downloads of images, including those that brought none.</summary>
    internal IEnumerable<Exchange> Downloads => Exchanges.Where(exchange => exchange.Step.Contains(" download ", StringComparison.Ordinal));

    /// <summary>Gets the links in the output of finished generations.</summary>
    internal IReadOnlyList<Uri> Links => [.. Finished.SelectMany(exchange => exchange.Result.Response!.Output).Select(Generation.ParseLink).OfType<Uri>().Distinct()];

    internal Exchange? Find(string step) => Exchanges.LastOrDefault(exchange => exchange.Step == step);

    /// <summary>Returns the wallet's balance at a step.</summary>
    internal double? GetBalance(string step) =>
        Find(step) is { } exchange ? TolerantJson.ReadNumber(TolerantJson.GetProperty(exchange["data"], "balance")) : null;

    /// <summary>Returns the number of images that a finished generation has; null if it did not finish.</summary>
    internal int? CountImages(string step) =>
        Finished.LastOrDefault(exchange => exchange.Step == step || exchange.Step == $"{step} fetch")?.Result.Response!.Output.Count;

    internal ReceivedImage? FindImage(string step) => Images.FirstOrDefault(image => image.Step == step);

    /// <summary>True if the value is an array of links.</summary>
    internal static bool IsLinkArray(JsonElement value) =>
        value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(item => Generation.ParseLink(TolerantJson.ReadText(item) ?? "") is not null);
}
