using System.Globalization;
using System.Text.Json.Nodes;
using FaceGen.Contract;
using FaceGen.Http;

namespace FaceGen.LiveCheck;

/// <summary>A submission of the run.</summary>
/// <param name="Step">The name of the step.</param>
/// <param name="Images">The number of images that it may cost.</param>
internal sealed record SentStep(string Step, int Images)
{
    internal static readonly SentStep Link = new("link", 1);
    internal static readonly SentStep Repeat = new("repeat", 1);
    internal static readonly SentStep Inline = new("inline", 1);
    internal static readonly SentStep InlineBase64 = new("inline-base64", 2);
    internal static readonly SentStep Large = new("large", 2);

    /// <summary>Gets all submissions, in their order. A smaller budget leaves out the last ones.</summary>
    internal static IReadOnlyList<SentStep> All { get; } = [Link, Repeat, Inline, InlineBase64, Large];

    /// <summary>Gets the number of images that a run may cost; never more than ten.</summary>
    internal static int MaxImages { get; } = All.Sum(submission => submission.Images);
}

/// <summary>An accepted submission.</summary>
internal sealed record Accepted(SentStep SentStep, Exchange Submit)
{
    internal string Step => SentStep.Step;

    /// <summary>Gets the id; null if the response has only links.</summary>
    internal string? Id => Submit.Result.Response!.AcceptedId;

    internal bool IsSaved { get; set; }
}

/// <summary>An image that was saved.</summary>
internal sealed record ReceivedImage(string Step, int Index, CompleteImage Image);

/// <summary>
/// Sends the requests of the check: first those that cost nothing, then each submission once. It keeps everything that came back and
/// judges nothing; <see cref="Check.All"/> does that.
/// </summary>
internal sealed class LiveRun(ServiceAddress address, ServiceClient client, RunFolder folder, CompleteImage face, int maxImages)
{
    /// <summary>An id that no generation has.</summary>
    internal const string UnknownId = "2147483647";

    internal const string OtherKey = "facegen-live-check-wrong-key";
    internal const int Width = 256;
    internal const int Height = 320;
    internal const int Seed = 20250101;
    internal const int TrackId = 20250102;
    internal const int RangeStart = 100;

    /// <summary>The time between two requests: some accounts may send only one every two seconds (Q45).</summary>
    internal static readonly TimeSpan Interval = TimeSpan.FromSeconds(2.1);

    /// <summary>The number of times that a request is sent which the service certainly did not accept.</summary>
    private const int MaxAttempts = 3;

    /// <summary>The delay before a request is sent again whose refusal names none: an identical one is not spam after 30 seconds (Q40).</summary>
    private static readonly TimeSpan DefaultRetryDelay = TimeSpan.FromSeconds(31);

    /// <summary>The longest delay that a refusal can ask for. A request with a longer one is not sent again.</summary>
    private static readonly TimeSpan MaxRetryDelay = TimeSpan.FromMinutes(2);

    private static readonly TimeSpan MaxWait = TimeSpan.FromMinutes(10);

    /// <summary>The delays before the attempts to download an image, in seconds.</summary>
    private static readonly int[] DownloadDelays = [0, 2, 4, 8, 15, 30];

    private const int MaxRedirects = 5;

    private int _cost;
    private bool _isStopped;

    /// <summary>Waits; tests replace it.</summary>
    internal Func<TimeSpan, CancellationToken, Task> DelayAsync { get; init; } = Task.Delay;

    /// <summary>Shows a line of progress.</summary>
    internal Action<string> Print { get; init; } = _ => { };

    /// <summary>Gets the data URI of the face image.</summary>
    private string FaceUri => $"data:{face.Info.Format.GetMediaType()};base64,{Convert.ToBase64String(face.Bytes)}";

    internal List<Accepted> Accepted { get; } = [];

    internal List<ReceivedImage> Images { get; } = [];

    /// <summary>Gets the submissions whose response was lost: they may have been charged.</summary>
    internal List<string> Uncertain { get; } = [];

    internal bool IsCanceled { get; private set; }

    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await SendFreeRequestsAsync(cancellationToken);
            await GenerateAsync(cancellationToken);
            await PostAsync(CallKind.Account, "wallet-end", address.WalletBalance, [], cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            IsCanceled = true;
        }
    }

    /// <summary>Returns a value that the contract forbids; null if every value is allowed.</summary>
    internal static JsonNode? GetInvalidValue(RequestField field) => field switch
    {
        // A service that accepted this would generate no image.
        { Name: "samples" } => field.Minimum - 1,
        { Maximum: { } maximum } => maximum + 1,
        { Choices.Count: > 0, Kind: FieldKind.Integer } => int.Parse(field.Choices[0], CultureInfo.InvariantCulture) - 1,
        { Choices.Count: > 0 } => "not-a-choice",
        _ => null,
    };

    private async Task SendFreeRequestsAsync(CancellationToken cancellationToken)
    {
        Print("Free requests: account, errors, upload.");
        await PostAsync(CallKind.Account, "wallet", address.WalletBalance, [], cancellationToken);
        Exchange count = await PostAsync(CallKind.Account, "count", address.RequestCount, [], cancellationToken);
        if (count.Outcome is Outcome.Failed) await SendAsync(HttpMethod.Get, CallKind.Account, "count-get", address.RequestCount, [], cancellationToken);
        await PostAsync(CallKind.Account, "no-key", address.WalletBalance, [], cancellationToken, otherKey: "");
        await PostAsync(CallKind.Account, "wrong-key", address.WalletBalance, [], cancellationToken, OtherKey);
        await PostAsync(CallKind.Fetch, "unknown-id", address.Fetch(UnknownId), [], cancellationToken);
        await PostAsync(CallKind.Account, "delete-unknown", address.DeleteImage, CreateDeletion(UnknownId), cancellationToken);

        JsonObject page = new() { ["type"] = "image", ["per_page"] = 10, ["page"] = 1 };
        await PostAsync(CallKind.Account, "assets", address.AssetsGenerated, page, cancellationToken);
        await PostAsync(CallKind.Account, "assets-v6", new Uri(address.Root, "api/v6/assets_generated"), page, cancellationToken);

        Exchange upload = await PostAsync(CallKind.Upload, "upload", address.Upload, new() { ["base64_string"] = FaceUri }, cancellationToken);
        await PostAsync(CallKind.Upload, "upload-image-editing", new Uri(address.Root, "api/v6/image_editing/base64_to_url"),
            new() { ["init_image"] = FaceUri }, cancellationToken);
        if (FindLink(upload) is { } link) await GetAsync("upload-file", link, null, cancellationToken);

        // Without prompt and face image nothing can be generated. Every field that has a rule breaks it.
        JsonObject invalid = [];
        foreach (RequestField field in Operation.FaceGen.Fields)
            if (GetInvalidValue(field) is { } value) invalid[field.Name] = value;
        Exchange refused = await PostAsync(CallKind.Submit, "invalid", address.Generate, invalid, cancellationToken);
        if (refused.Outcome is not (Outcome.Failed or Outcome.Retry))
        {
            folder.Record($"invalid: not refused, id {refused.Result.Response?.AcceptedId ?? "unknown"}");
            Uncertain.Add("invalid");
            _isStopped = true;
        }

        await PostAsync(CallKind.Account, "wallet-free", address.WalletBalance, [], cancellationToken);

        Uri? FindLink(Exchange exchange) =>
            exchange.Result.Response?.Output.Select(Generation.ParseLink).FirstOrDefault() is { } found && IsAllowed(found) ? found : null;
    }

    private async Task GenerateAsync(CancellationToken cancellationToken)
    {
        string link = client.Exchanges.Find(exchange => exchange.Step == "upload")?.Result.Response is { IsFailure: false, Output: [{ } uploaded, ..] } ? uploaded : "";
        JsonObject request = CreateRequest(link);
        if (await SubmitAsync(SentStep.Link, request, cancellationToken) is { } first)
        {
            Accepted? repeat = await SubmitAsync(SentStep.Repeat, request, cancellationToken);
            await CompleteAsync(first, cancellationToken);
            await ObserveAsync(first, cancellationToken);
            if (repeat is not null) await CompleteAsync(repeat, cancellationToken);
        }

        await SubmitAndCompleteAsync(SentStep.Inline, CreateRequest(FaceUri, ("seed", Seed + 1)), cancellationToken);
        JsonObject inline = CreateRequest(FaceUri, ("seed", Seed + 2), ("base64", true), ("samples", 2));
        // Without a size the service uses that of the face image.
        if (face.Info.Width <= RequestField.Width.Maximum && face.Info.Height <= RequestField.Height.Maximum)
        {
            inline.Remove("width");
            inline.Remove("height");
        }

        await SubmitAndCompleteAsync(SentStep.InlineBase64, inline, cancellationToken);
        await SubmitAndCompleteAsync(SentStep.Large, CreateRequest(link, ("seed", Seed + 3), ("samples", 2),
            ("width", RequestField.Width.Maximum), ("height", RequestField.Height.Maximum)), cancellationToken);
    }

    private async Task SubmitAndCompleteAsync(SentStep submission, JsonObject request, CancellationToken cancellationToken)
    {
        if (await SubmitAsync(submission, request, cancellationToken) is { } accepted) await CompleteAsync(accepted, cancellationToken);
    }

    /// <summary>Submits until the service accepts it or may have done so, unless the budget is used up. The id is on the disk before the next request.</summary>
    private async Task<Accepted?> SubmitAsync(SentStep submission, JsonObject request, CancellationToken cancellationToken)
    {
        if (_isStopped || _cost + submission.Images > maxImages || (string?)request["face_image"] == "") return null;

        folder.Record($"{submission.Step}: submitting, at most {submission.Images} image(s)");
        _cost += submission.Images;
        Exchange exchange = await PostAsync(CallKind.Submit, submission.Step, address.Generate, request, cancellationToken);
        Outcome outcome = exchange.Outcome!;
        if (exchange.IsAccepted)
        {
            ServiceResponse response = exchange.Result.Response!;
            string links = string.Join(" ", response.Output.Concat(response.AlternateLinks.SelectMany(list => list)).Where(text => Generation.ParseLink(text) is not null));
            // On the screen first: the disk can be full.
            Print($"{submission.Step}: accepted, id {response.AcceptedId ?? "unknown"}.");
            folder.Record($"{submission.Step}: accepted, id {response.AcceptedId ?? "unknown"} {links}".TrimEnd());
            var accepted = new Accepted(submission, exchange);
            Accepted.Add(accepted);
            return accepted;
        }

        bool isUncertain = outcome is Outcome.Uncertain;
        if (isUncertain) Uncertain.Add(submission.Step);
        else _cost -= submission.Images;
        _isStopped = isUncertain || outcome is Outcome.Failed { Error.EndsRun: true };
        folder.Record($"{submission.Step}: {(isUncertain ? "outcome unknown, possibly charged" : "refused, not charged")}");
        Print($"{submission.Step}: {(isUncertain ? "the outcome is unknown; it may have been charged" : "refused; not charged")}.");
        return null;
    }

    /// <summary>Fetches a generation until it is finished, and saves its images.</summary>
    private async Task CompleteAsync(Accepted accepted, CancellationToken cancellationToken)
    {
        ServiceResponse response = accepted.Submit.Result.Response!;
        Outcome outcome = accepted.Submit.Outcome!;
        Uri? usual = accepted.Id is null ? null : address.Fetch(accepted.Id), other = GetFetchResult(accepted.Submit);
        Uri? next = usual;
        for (TimeSpan waited = TimeSpan.Zero; outcome is Outcome.Pending or Outcome.Retry && next is not null && waited < MaxWait;)
        {
            TimeSpan wait = TimeSpan.FromSeconds(Math.Clamp(response.Eta ?? 0, 3, 15));
            await DelayAsync(wait, cancellationToken);
            waited += wait;
            Exchange fetch = await PostAsync(CallKind.Fetch, $"{accepted.Step} fetch", next, [], cancellationToken);
            outcome = fetch.Outcome!;
            if (outcome is Outcome.Failed { Error.EndsRun: false } && next == usual && other is not null && other != usual)
                (outcome, next) = (new Outcome.Pending(response), other);
            else if (outcome is Outcome.Finished finished)
                response = finished.Response;
        }

        // Where no path finds the generation, the links of its submission lead to the images (Q42).
        if (outcome is Outcome.Failed) await DelayAsync(TimeSpan.FromSeconds(Math.Clamp(response.Eta ?? 0, 0, MaxWait.TotalSeconds)), cancellationToken);

        // A generation that failed has no images, and nothing to save.
        if (outcome is Outcome.Finished { Status: GenerationStatus.Failed })
        {
            accepted.IsSaved = true;
            return;
        }

        IReadOnlyList<string> images = response.Output.Count > 0 ? response.Output : response.AlternateLinks is [{ } alternate, ..] ? alternate : [];
        accepted.IsSaved = images.Count > 0;
        for (int i = 0; i < images.Count; i++) accepted.IsSaved &= await SaveAsync(accepted.Step, i, images[i], cancellationToken);
    }

    private async Task<bool> SaveAsync(string step, int index, string image, CancellationToken cancellationToken)
    {
        if (Generation.ParseLink(image) is not { } link) return Save(CompleteImage.Decode(image));

        foreach (int seconds in DownloadDelays)
        {
            await DelayAsync(TimeSpan.FromSeconds(seconds), cancellationToken);
            Uri? target = link;
            for (int redirects = 0; target is not null; redirects++)
            {
                if (!IsAllowed(target) || redirects > MaxRedirects) return false;

                Exchange download = await GetAsync($"{step} download {index + 1}", target, null, cancellationToken);
                if (Save(download.Image)) return true;
                target = download.Status is >= 300 and < 400 ? download.Location : null;
            }
        }

        return false;

        bool Save(CompleteImage? found)
        {
            if (found is null) return false;

            string path = folder.Write($"{step}-{index + 1}{found.Info.Format.GetExtension()}", found.Bytes);
            Images.Add(new ReceivedImage(step, index, found));
            Print($"{step}: saved {Path.GetFileName(path)}.");
            return true;
        }
    }

    /// <summary>Sends the free requests about a finished generation, and deletes it if its images are saved.</summary>
    private async Task ObserveAsync(Accepted accepted, CancellationToken cancellationToken)
    {
        if (GetFetchResult(accepted.Submit) is { } fetchResult)
            await PostAsync(CallKind.Fetch, "fetch-result", fetchResult, [], cancellationToken);
        if (accepted.Id is { } id)
            await PostAsync(CallKind.Fetch, "other-key", address.Fetch(id), [], cancellationToken, OtherKey);
        if (client.Exchanges.FindLast(exchange => exchange.Step == "link download 1" && exchange.Image is not null) is { } download)
            await GetAsync("range", download.Address, RangeStart, cancellationToken);
        if (accepted is { IsSaved: true, Id: { } saved } && Images.Exists(image => image.Step == accepted.Step))
            await PostAsync(CallKind.Account, "delete", address.DeleteImage, CreateDeletion(saved), cancellationToken);
    }

    private Task<Exchange> PostAsync(CallKind kind, string step, Uri target, JsonObject fields, CancellationToken cancellationToken, string? otherKey = null) =>
        SendAsync(HttpMethod.Post, kind, step, target, fields, cancellationToken, otherKey);

    /// <summary>Sends a request, and again after the requested delay while the service certainly did not accept it.</summary>
    private async Task<Exchange> SendAsync(
        HttpMethod method, CallKind kind, string step, Uri target, JsonObject fields, CancellationToken cancellationToken, string? otherKey = null)
    {
        for (int attempt = 1; ; attempt++)
        {
            await DelayAsync(Interval, cancellationToken);
            Exchange exchange = await client.SendAsync(method, kind, step, target, fields, otherKey, cancellationToken);
            // The response to a submission is recorded first.
            if (kind != CallKind.Submit) cancellationToken.ThrowIfCancellationRequested();
            TimeSpan? delay = exchange.Outcome switch
            {
                Outcome.Retry retry => retry.Delay ?? DefaultRetryDelay,
                // The service may refuse a repetition without naming a delay.
                Outcome.Failed { Error.EndsRun: false } when step == SentStep.Repeat.Step => DefaultRetryDelay,
                _ => null,
            };
            if (attempt == MaxAttempts || delay is null || delay > MaxRetryDelay) return exchange;

            Print($"{step}: not accepted; it is sent again in {delay.Value.TotalSeconds:0} s.");
            await DelayAsync(delay.Value, cancellationToken);
        }
    }

    private async Task<Exchange> GetAsync(string step, Uri link, long? rangeStart, CancellationToken cancellationToken)
    {
        Exchange exchange = await client.GetAsync(step, link, rangeStart, cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        return exchange;
    }

    /// <summary>Returns <c>fetch_result</c> if the key may be sent there.</summary>
    private Uri? GetFetchResult(Exchange submit) =>
        Generation.ParseLink(TolerantJson.ReadText(submit["fetch_result"]) ?? "") is { } link && address.IsOwn(link) ? link : null;

    /// <summary>True if a link may be downloaded: over https, or from this machine if the service is there too.</summary>
    private bool IsAllowed(Uri link) => link.Scheme == Uri.UriSchemeHttps || (link.Scheme == Uri.UriSchemeHttp && link.IsLoopback && address.Root.IsLoopback);

    private static JsonObject CreateDeletion(string id) =>
        new() { ["request_id"] = long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : id, ["type"] = "image" };

    /// <summary>Creates a request with every field of the contract except the webhook.</summary>
    private static JsonObject CreateRequest(string faceImage, params (string Name, JsonNode? Value)[] changes)
    {
        JsonObject request = new()
        {
            ["prompt"] = "portrait of a person, plain background",
            ["negative_prompt"] = "blurry",
            ["face_image"] = faceImage,
            ["width"] = Width,
            ["height"] = Height,
            ["num_inference_steps"] = 21,
            ["guidance_scale"] = 7.5,
            ["s_scale"] = 1,
            ["samples"] = 1,
            ["safety_checker"] = true,
            ["safety_checker_type"] = "blur",
            ["base64"] = false,
            ["style"] = "realistic",
            ["seed"] = Seed,
            ["track_id"] = TrackId,
        };
        foreach ((string name, JsonNode? value) in changes) request[name] = value;
        return request;
    }
}
