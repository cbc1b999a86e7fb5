using System.Globalization;
using System.Text.Json;
using FaceGen.Contract;
using FaceGen.Http;
using FaceGen.ImageFormats;
using static FaceGen.LiveCheck.Finding;

namespace FaceGen.LiveCheck;

internal sealed partial record Check
{
    private const string Contract = "contract";

    /// <summary>The fields of a response that the contract names.</summary>
    private static readonly string[] KnownFields =
        ["status", "generationTime", "id", "output", "proxy_links", "meta", "eta", "message", "tip", "fetch_result", "future_links", "track_id", "retry_after"];

    /// <summary>Gets all checks, in the order of the report.</summary>
    internal static IReadOnlyList<Check> All { get; } =
    [
        // Every response.
        new("json", "Each request gets a JSON object as response", $"{Contract}, Q14", null, o => Each(o.ApiCalls.Where(e => e is not { Step: "assets" or "assets-v6", Status: 404 }), e =>
            e.Result.StatusCode is null ? o.IsHandled(e) ? Known(Contract, $"{e.Step}: {e.Describe()}") : Differs($"{e.Step}: {e.Describe()}")
            : e.Json.ValueKind == JsonValueKind.Object ? Agrees("JSON objects only") : Known("Q14", $"{e.Step}: {e.Describe()}"))),
        new("http", "Each valid request gets HTTP 200", $"{Contract}, Q14, Q24, Q42, Q46", null, o => Each(o.ValidCalls.Where(e => e.Result.StatusCode is not null), e => JudgeHttp(o, e))),
        new("refusal", "A refusal has status 'error' and a message, which is a text", $"{Contract}, Q2, Q3, Q4, Q38", null,
            o => Each(o.ApiCalls.Where(e => e.Result.Response is { IsRefusal: true }), JudgeRefusal)),
        new("rate-limit", "A rate limit is HTTP 429 with retry_after", $"{Contract}, Q5, Q6, Q38, Q45", null,
            o => Combine(o.ApiCalls.Select(JudgeRateLimit).OfType<Finding>(), "no rate limit was met, and none was provoked")),
        new("key-echo", "No response contains the key", "FaceGen", null, o => Each(o.ApiCalls, e =>
            e.HasKey ? Differs($"{e.Step}: the response contains the key") : Agrees("no response contains it"))),
        new("fields", "Responses about generations have the documented fields only", $"{Contract}, Q19, Q37", null, o => Each(o.Accepted.Concat(o.Finished).Concat(o.Polls.Where(e => e.IsPending)), e =>
            e.Json.EnumerateObject().Select(TolerantJson.ReadName).Where(name => !KnownFields.Contains(name)).ToArray() is { Length: > 0 } others
                ? Known(others.Any(name => name is "nsfw_content_detected" or "webhook_status") ? "Q19, Q37" : "Q19", $"other fields: {string.Join(", ", others)}")
                : Agrees("documented fields only"))),

        // The account.
        new("wallet", "wallet_balance answers data.balance (a number) and data.currency", Contract, "wallet", o => On(o, "wallet", e =>
            TolerantJson.GetProperty(e["data"], "balance").ValueKind == JsonValueKind.Number && TolerantJson.GetProperty(e["data"], "currency").ValueKind == JsonValueKind.String && e.IsSuccess)),
        new("count", "processing/request_count answers processing_count (a number) to POST; one page says GET", Contract, "count", o =>
            IsCount(o.Find("count")!) ? Agrees("as documented")
            : o.Find("count-get") is { } get && IsCount(get) ? Known(Contract, "to GET only") : Differs(o.Find("count")!.Describe())),
        new("assets", "assets_generated answers data (an array) and pagination, at one of two paths; it may need an enterprise key", Contract, "assets", o =>
        {
            Exchange?[] calls = [o.Find("assets"), o.Find("assets-v6")];
            Exchange[] successes = [.. calls.OfType<Exchange>().Where(e => e.IsSuccess && e["data"].ValueKind == JsonValueKind.Array && e["pagination"].ValueKind == JsonValueKind.Object)];
            return successes.Length > 0 ? Agrees($"answered at {string.Join(" and ", successes.Select(e => e.Address.AbsolutePath))}")
                : calls.OfType<Exchange>().Any(e => e.IsSuccess) ? Differs("success without data or pagination")
                : NotObserved($"refused: {calls[0]!.Describe()}");
        }),
        new("free", "Refused requests, uploads and fetches cost nothing", Contract, "wallet-free", o => (o.GetBalance("wallet"), o.GetBalance("wallet-free")) switch
        {
            ({ } before, { } after) => before == after ? Agrees("the balance is the same") : Differs("the balance changed"),
            _ => NotObserved("no balance"),
        }),
        new("charge", "A generation is charged when it is accepted", Contract, "wallet-end", o => (o.GetBalance("wallet-free"), o.GetBalance("wallet-end")) switch
        {
            _ when !o.Accepted.Any() => NotObserved("nothing was accepted"),
            ({ } before, { } after) => after < before ? Agrees("the balance fell") : NotObserved("the balance did not fall; a plan may include images"),
            _ => NotObserved("no balance"),
        }),

        // Refusals.
        new("no-key", "A request without a key is refused with 401", $"{Contract}, Q43", "no-key", o => Refused(o, "no-key", 401, "Q43", ErrorCode.KeyRejected)),
        new("wrong-key", "A request with a wrong key is refused with 401", $"{Contract}, Q43", "wrong-key", o => Refused(o, "wrong-key", 401, "Q43", ErrorCode.KeyRejected)),
        new("unknown-id", "Fetching an unknown id is an error with HTTP 200", $"{Contract}, Q42", "unknown-id", o => Refused(o, "unknown-id", 200, "Q42", ErrorCode.GenerationNotFound)),
        new("other-key", "Fetching with another key than the submission's is an error", "Q23", "other-key", o => o.Find("other-key")! is { Outcome: Outcome.Failed } e
            ? Agrees(e.Describe()) : Differs(o.Find("other-key")!.Describe())),
        new("delete-unknown", "Deleting an unknown id is an error", Contract, "delete-unknown", o => o.Find("delete-unknown")! is { Outcome: Outcome.Failed { Error.EndsRun: false } } e
            ? Agrees(e.Describe()) : Differs(o.Find("delete-unknown")!.Describe())),
        new("invalid", "An invalid request is refused with 400", $"{Contract}, Q1", "invalid", o => Refused(o, "invalid", 400, "Q1", ErrorCode.RequestRefused)),
        .. Operation.FaceGen.Fields.Where(field => field.IsRequired || LiveRun.GetInvalidValue(field) is not null).Select(field => new Check(
            $"field {field.Name}",
            $"{field.Name} {(field.IsRequired ? "is required" : $"must be {field.Allowed}: {LiveRun.GetInvalidValue(field)} is refused")}", Contract, "invalid", o => JudgeField(o.Find("invalid")!, field))),

        // Uploads.
        new("upload", "base64_to_url answers output: an array with one link", $"{Contract}, Q21", "upload", o => JudgeUpload(o.Find("upload")!)),
        new("upload-image-editing", "image_editing/base64_to_url answers the same to init_image", Contract, "upload-image-editing", o => JudgeUpload(o.Find("upload-image-editing")!)),
        new("upload-file", "The link of an upload serves the same bytes", Contract, "upload-file", o => o.Find("upload-file")! is { Status: 200 } e && e.Body.AsSpan().SequenceEqual(o.Face.Bytes)
            ? Agrees("the same bytes") : Differs($"other bytes: {o.Find("upload-file")!.Describe()}")),

        // Submissions.
        new("accepted", "A valid request with a link as face image is accepted", $"{Contract}, Q8, Q13, Q39, Q43", "link", o => JudgeSubmission(o.Find("link")!)),
        new("inline", "A data URI as face image is accepted without base64: true", $"{Contract}, Q35", "inline", o =>
            o.Find("inline")! is { IsAccepted: false, Outcome: Outcome.Failed { Error.EndsRun: false } } e ? Known("Q35", $"refused: {e.Describe()}") : JudgeSubmission(o.Find("inline")!)),
        new("inline-base64", "A data URI as face image is accepted with base64: true", $"{Contract}, Q35", "inline-base64", o => JudgeSubmission(o.Find("inline-base64")!)),
        new("repeat", "The same request again within 30 seconds is accepted", $"{Contract}, Q40", "repeat", o =>
            o.Exchanges.FirstOrDefault(e => e is { Step: "repeat", Outcome: Outcome.Retry { IsRepeat: true } or Outcome.Failed { Error.EndsRun: false } }) is { } e
                ? Known("Q40", $"refused: {e.Describe()}") : JudgeSubmission(o.Find("repeat")!)),
        new("id", "id is an integer", $"{Contract}, Q8, Q11, Q36, Q44", null, o => Each(o.Accepted, JudgeId)),
        new("status", "status is success or processing", $"{Contract}, Q12, Q39", null, o =>
            Each(o.Exchanges.Where(e => e.Kind == CallKind.Submit ? e.IsAccepted || e.Result.Response is { IsFailure: true, IsRefusal: false } : o.Polls.Contains(e) && e.Result.Response is { IsRefusal: false }), JudgeStatus)),
        new("track_id", "track_id comes back as a number", $"{Contract}, Q11", null, o => Each(o.Accepted.Where(e => e["track_id"].ValueKind != JsonValueKind.Undefined), e =>
            TolerantJson.ReadInteger(e["track_id"]) != LiveRun.TrackId ? Differs("another value") : e["track_id"].ValueKind == JsonValueKind.Number ? Agrees("the number") : Known("Q11", "a text"),
            "no response has it; it comes back in webhook deliveries")),
        new("meta", "meta has the parameters as used, the seed among them; booleans may be \"yes\" and \"no\"", $"{Contract}, Q15, Q19", null, o => Each(o.Accepted, JudgeMeta)),
        new("generationTime", "success has generationTime, a number", Contract, null, o => Each(o.Accepted.Where(e => e.IsSuccess), e =>
            e["generationTime"].ValueKind == JsonValueKind.Number ? Agrees("a number") : Differs(Kind(e, "generationTime")))),
        new("proxy_links", "proxy_links is an array of links", $"{Contract}, Q19, Q22", null, o => Each(o.Accepted, e =>
            Observations.IsLinkArray(e["proxy_links"]) ? Agrees("an array of links") : e["proxy_links"].ValueKind is JsonValueKind.Null or JsonValueKind.Undefined ? Known("Q19", Kind(e, "proxy_links")) : Differs(Kind(e, "proxy_links")))),

        // Queued generations.
        new("eta", "processing has eta, the seconds until the images are ready", $"{Contract}, Q10", null, o => Each(o.Queued, e =>
            e["eta"].ValueKind == JsonValueKind.Number && e["eta"].TryGetInt32(out int eta) && eta > 0 ? Agrees("whole seconds") : Known("Q10", Kind(e, "eta")))),
        new("queued-output", "processing has output, an empty array", $"{Contract}, Q7, Q19", null, o => Each(o.Queued, e =>
            e["output"] is { ValueKind: JsonValueKind.Array } output && output.GetArrayLength() == 0 ? Agrees("an empty array") : Known(e["output"].ValueKind == JsonValueKind.Null ? "Q19" : "Q7", Kind(e, "output")))),
        new("message", "processing has a message", $"{Contract}, Q18, Q19", null, o => Each(o.Queued, e =>
            TolerantJson.ReadText(e["message"]) is not { } text ? Known("Q19", Kind(e, "message"))
            : text.StartsWith("Request processing", StringComparison.OrdinalIgnoreCase) ? Known("Q18", text) : Agrees("a text"))),
        new("future_links", "processing has future_links, where the images will be", $"{Contract}, Q19", null, o => Each(o.Queued, e =>
            e["future_links"].ValueKind is JsonValueKind.Null or JsonValueKind.Undefined ? Known("Q19", Kind(e, "future_links"))
            : !Observations.IsLinkArray(e["future_links"]) ? Differs(Kind(e, "future_links"))
            : o.Finished.LastOrDefault(f => f.Step == $"{e.Step} fetch")?.Result.Response!.Output is not { Count: > 0 } output ? NotObserved("the generation has no output to compare with")
            : TolerantJson.ReadTexts(e["future_links"]).SequenceEqual(output) ? Agrees("the links of the output") : Known(Contract, "other links than the output"))),
        new("fetch_result", "processing has fetch_result, the usual fetch path of this service", $"{Contract}, Q8, Q9", null, o => Each(o.Queued, e =>
            Generation.ParseLink(TolerantJson.ReadText(e["fetch_result"]) ?? "") is not { } link ? Known("Q8", Kind(e, "fetch_result"))
            : !o.Address.IsOwn(link) ? Known("Q9", "another host")
            : e.Result.Response!.AcceptedId is { } id && link == o.Address.Fetch(id) ? Agrees("the usual path") : Known("Q9", $"another path: {(link.AbsolutePath.Contains("/v6/") ? "version 6" : "another version")}"))),
        new("fetch_result-works", "fetch_result answers like the usual fetch path", $"{Contract}, Q42", "fetch-result", o => o.Find("fetch-result")! is var e && e.Outcome is Outcome.Finished or Outcome.Pending ? Agrees("the generation")
            : o.IsSaved(e) ? Known("Q42", $"{e.Describe()}, but the image is saved") : Differs(e.Describe())),

        // Fetches.
        new("fetch", "The usual fetch path answers for the account's generations", $"{Contract}, Q23, Q42", null, o => Each(o.Polls, e =>
            e.Outcome is not Outcome.Failed ? Agrees("each generation was found")
            : o.IsSaved(e) ? Known(e.Status == 404 ? "Q42" : "Q23, Q42", $"{e.Step}: {e.Describe()}, but fetch_result or the links work") : Differs($"{e.Step}: {e.Describe()}"))),
        new("fetch-processing", "processing on fetch has an empty output and a message", $"{Contract}, Q7, Q18, Q19", null, o => Each(o.Polls.Where(e => e.IsPending), e =>
            e["output"].ValueKind is JsonValueKind.Undefined ? Known("Q7", Kind(e, "output")) : e["output"].ValueKind is JsonValueKind.Null ? Known("Q19", Kind(e, "output"))
            : e.Result.Response!.Output.Count > 0 ? Differs("output with links")
            : TolerantJson.ReadText(e["message"]) is not { } text ? Known("Q19", Kind(e, "message"))
            : text.StartsWith("Request processing", StringComparison.OrdinalIgnoreCase) ? Known("Q18", text) : Agrees("as documented"))),
        new("fetch-id", "success on fetch has the id, an integer", $"{Contract}, Q8, Q11", null, o => Each(o.Polls.Where(e => e.IsSuccess || (e.IsPending && e["id"].ValueKind != JsonValueKind.Undefined)), JudgeId)),
        new("output", "success has output, an array of links", $"{Contract}, Q20, Q21, Q22, Q27", null, o => Each(o.Finished, JudgeOutput)),

        // Images.
        new("samples", "samples: 2 returns two images", $"{Contract}, Q41", "inline-base64", o => JudgeCount(o, "inline-base64")),
        new("samples-large", "samples: 2 at 512 × 768 returns two images", $"{Contract}, Q41", "large", o => JudgeCount(o, "large")),
        new("base64", "base64: true returns links to base64 text", $"{Contract}, Q27", "inline-base64", o => Each(o.Images.Where(image => image.Step == "inline-base64"), image =>
            !image.Image.IsBase64 ? Differs("the image itself")
            : o.Downloads.LastOrDefault(e => e.Step.StartsWith("inline-base64", StringComparison.Ordinal) && e.Image is not null) is not { } e ? Known("Q27", "base64 in output")
            : e.Body.AsSpan().StartsWith("data:"u8) ? Known("Q27", "base64 with a data: prefix") : Agrees("links to base64 text"))),
        new("seed", "The same seed gives the same image", Contract, "repeat", o => (o.FindImage("link"), o.FindImage("repeat")) switch
        {
            ({ } one, { } two) => one.Image.Bytes.AsSpan().SequenceEqual(two.Image.Bytes) ? Agrees("the same bytes") : Differs("other bytes; compare the two images by eye"),
            _ => NotObserved("there are no two images with the same seed"),
        }),
        new("download", "A link in output serves the image at once", $"{Contract}, Q25, Q26, Q27, Q31", null, o => Combine(
            o.Downloads.GroupBy(e => e.Step).SelectMany(group => group.Select(e => JudgeDownload(e, group))), "no image was downloaded")),
        new("media-type", "An image has an image/… media type", $"{Contract}, Q28", null, o => Each(o.Downloads.Where(e => e.Image is { IsBase64: false }), e =>
            e.MediaType?.StartsWith("image/", StringComparison.OrdinalIgnoreCase) == true ? Agrees(e.MediaType) : Known("Q28", e.MediaType ?? "none"))),
        new("length", "A download announces its length", $"{Contract}, Q31", null, o => Each(o.Downloads.Where(e => e.Image is not null), e =>
            e.Length is not null ? Agrees("Content-Length") : Known("Q31", "no Content-Length"))),
        new("links", "Links in output have a file extension, single slashes and no query", $"{Contract}, Q29", null, o => Each(o.Links, link =>
            !Path.HasExtension(link.AbsolutePath) ? Known("Q29", "no extension") : link.AbsolutePath.Contains("//") ? Known("Q29", "several slashes in a row")
            : link.Query.Length > 0 ? Known("Q29", "a query") : Agrees("plain links"))),
        new("host", "Links in output lead to the service's own host", $"{Contract}, Q30", null, o => Each(o.Links, link =>
            o.Address.IsOwn(link) ? Agrees("the service's host") : Known("Q30", $"{o.Links.Select(other => other.Host).Distinct().Count()} other host(s)"))),
        new("size", "An image has the requested width and height", $"{Contract}, Q17", null, o => Each(o.Images, image => JudgeSize(o, image))),
        new("face-size", "Without width and height an image has the face image's size", $"{Contract}, Q17", "inline-base64", o =>
            o.Find("inline-base64")!.Fields!.ContainsKey("width") ? NotObserved("the face image is larger than 512 × 768")
            : o.FindImage("inline-base64") is not { Image.Info: var info } ? NotObserved("there is no image")
            : (info.Width, info.Height) == (o.Face.Info.Width, o.Face.Info.Height) ? Agrees("the same size") : Known("Q17", $"{info.Width} × {info.Height}")),
        new("censored", "A portrait is not censored", $"{Contract}, Q16", null, o => Each(o.Images, image =>
            BlankImage.IsBlank(image.Image.Bytes, image.Image.Info) ? Known("Q16", "a blank image")
            : image.Step != "repeat" && o.Images.Any(other => other.Step != "repeat" && other.Step != image.Step && other.Image.Bytes.AsSpan().SequenceEqual(image.Image.Bytes)) ? Known("Q16", "the same file for different requests") : Agrees("an image that is not blank"))),
        new("range", "A range request gets HTTP 206 with that range", $"{Contract}, Q32", "range", o => o.Find("range")! is { Status: 206 } e
            && e.ContentRange?.StartsWith($"bytes {LiveRun.RangeStart}-", StringComparison.Ordinal) == true ? Agrees("206 with the range") : Known("Q32", o.Find("range")!.Describe())),
        new("delete", "delete_image answers success, with the message in messege", $"{Contract}, Q4", "delete", o => o.Exchanges.First(e => e.Step == "delete").Outcome is Outcome.Retry
            ? NotObserved("the first response was lost: the image may have been deleted already") : On(o, "delete", e => e.IsSuccess && TolerantJson.ReadText(e["messege"]) is not null)),

        // What a run of minutes on a machine without a public address cannot observe.
        new("lifetime", "Links in output stop working after 24 hours", $"{Contract}, Q33", null, _ => NotObserved("it would take 24 hours")),
        new("webhook", "The service posts the result to the webhook, possibly twice or never", $"{Contract}, Q34", null, _ => NotObserved("it needs a public https address")),
    ];

    /// <summary>Judges each item; the worst verdict counts.</summary>
    private static Finding Each<T>(IEnumerable<T> items, Func<T, Finding> judge, string reasonIfNone = "no response shows it") => Combine(items.Select(judge), reasonIfNone);

    private static Finding On(Observations observed, string step, Func<Exchange, bool> isAsDocumented) =>
        observed.Find(step)! is var exchange && isAsDocumented(exchange) ? Agrees("as documented") : Differs(exchange.Describe());

    /// <summary>Describes the JSON type of a field.</summary>
    private static string Kind(Exchange exchange, string field) => exchange[field] switch
    {
        { ValueKind: JsonValueKind.Undefined } => $"{field} is missing",
        { ValueKind: JsonValueKind.String } text => $"{field} is {(TolerantJson.ReadText(text) == "" ? "an empty text" : "a text")}",
        { ValueKind: JsonValueKind.Number } number => $"{field} is {number.GetRawText()}",
        var value => $"{field} is {value.ValueKind.ToString().ToLowerInvariant()}",
    };

    private static bool IsCount(Exchange exchange) => exchange.IsSuccess && exchange["processing_count"].ValueKind == JsonValueKind.Number;

    private static Finding JudgeHttp(Observations observed, Exchange exchange)
    {
        string seen = $"{exchange.Step}: {exchange.Describe()}";
        return exchange switch
        {
            { Status: 200 } => Agrees("HTTP 200 only"),
            { IsAccepted: true } => Known("Q46", $"{exchange.Step}: accepted with HTTP {exchange.Status}"),
            { Status: 429, Kind: not CallKind.Fetch } => JudgeRateLimit(exchange)!,
            _ when !observed.IsHandled(exchange) => Differs(seen),
            { Kind: CallKind.Fetch } => Known(exchange.Outcome is Outcome.Retry ? "Q24" : "Q42", seen),
            _ => Known(exchange.Json.ValueKind == JsonValueKind.Object ? Contract : "Q14", seen),
        };
    }

    private static Finding Refused(Observations observed, string step, int status, string rowOfOtherStatus, ErrorCode code)
    {
        Exchange exchange = observed.Find(step)!;
        return exchange.Error != code ? Differs(exchange.Describe())
            : exchange.Status == status ? Agrees(exchange.Describe()) : Known(rowOfOtherStatus, exchange.Describe());
    }

    private static Finding JudgeRefusal(Exchange exchange)
    {
        string[] rows =
        [
            .. exchange["message"].ValueKind is JsonValueKind.Object or JsonValueKind.Array ? ["Q2"] : Array.Empty<string>(),
            .. exchange["code"].ValueKind != JsonValueKind.Undefined ? ["Q3"] : Array.Empty<string>(),
            .. exchange["messege"].ValueKind != JsonValueKind.Undefined || exchange["error"].ValueKind != JsonValueKind.Undefined ? ["Q4"] : Array.Empty<string>(),
            .. exchange.Result.Response!.Tips.Length > 0 ? ["Q38"] : Array.Empty<string>(),
        ];
        return rows.Length > 0 ? Known(string.Join(", ", rows), $"{exchange.Step}: fields {string.Join(", ", exchange.Json.EnumerateObject().Select(TolerantJson.ReadName))}")
            : exchange["message"].ValueKind == JsonValueKind.String ? Agrees("a message") : Differs($"{exchange.Step}: no message");
    }

    private static Finding? JudgeRateLimit(Exchange exchange)
    {
        ServiceMessage message = ServiceMessage.Parse(exchange.Result);
        return exchange.Status == 429
            ? exchange["retry_after"].ValueKind == JsonValueKind.Number ? Agrees(exchange.Describe())
                : exchange.Result.RetryAfter is not null ? Known(Contract, $"{exchange.Describe()}, the wait only in Retry-After") : Known("Q45", $"{exchange.Describe()}, without a wait")
            : exchange.Result.Response is not { IsFailure: true } response || !(message.IsRateLimit || message.HasRetryHint) ? null
            : Known(message.IsRateLimit ? "Q5, Q6, Q38" : response.Tips.Length > 0 ? "Q38" : "Q6", exchange.Describe());
    }

    private static Finding JudgeField(Exchange refusal, RequestField field)
    {
        JsonElement message = refusal["message"];
        bool isNamed = message.ValueKind == JsonValueKind.Object
            ? TolerantJson.GetProperty(message, field.Name).ValueKind != JsonValueKind.Undefined
            : new[] { field.Name, field.Name.Replace('_', ' ') }.Any(name => refusal.Result.Response?.Message.Contains(name, StringComparison.OrdinalIgnoreCase) == true);
        return isNamed ? Agrees("the refusal names it")
            : message.ValueKind == JsonValueKind.Object ? Differs("the refusal lists other fields, and not this one") : NotObserved("the refusal names another fault");
    }

    private static Finding JudgeUpload(Exchange upload) =>
        upload.Outcome is not Outcome.Finished ? Known(Contract, $"no upload, so that face images are sent inline: {upload.Describe()}")
        : Observations.IsLinkArray(upload["output"]) && upload["output"].GetArrayLength() == 1 ? Agrees("an array with one link")
        : upload.Result.Response!.Output.Count > 0 ? Known("Q21", Kind(upload, "output")) : Differs(upload.Describe());

    private static Finding JudgeSubmission(Exchange submit) => submit.Outcome switch
    {
        Outcome.Pending or Outcome.Finished { Status: GenerationStatus.Success } => Agrees("accepted"),
        Outcome.Finished => Known("Q12", $"accepted, and failed: {submit.Describe()}"),
        Outcome.Uncertain when submit.IsPending => Known("Q8", "accepted without an id or a link"),
        Outcome.Failed { Error.EndsRun: true } when submit.Status == 200 => Known("Q13, Q43", submit.Describe()),
        Outcome.Retry or Outcome.Failed { Error.EndsRun: true } => NotObserved($"not accepted: {submit.Describe()}"),
        Outcome.Uncertain => Known(submit.Json.ValueKind == JsonValueKind.Object || submit.Result.StatusCode is null ? Contract : "Q14", $"the outcome is unknown: {submit.Describe()}"),
        Outcome.Failed when submit["id"].ValueKind != JsonValueKind.Undefined => Known("Q39", submit.Describe()),
        _ => Differs(submit.Describe()),
    };

    private static Finding JudgeId(Exchange exchange) => exchange["id"] switch
    {
        { ValueKind: JsonValueKind.Number } => Agrees("an integer"),
        { ValueKind: JsonValueKind.String } id when long.TryParse(TolerantJson.ReadText(id), NumberStyles.None, CultureInfo.InvariantCulture, out _) => Known("Q11", "an integer as text"),
        { ValueKind: JsonValueKind.String } => Known("Q44", "a text"),
        _ when exchange.Result.Response!.RequestId is not null => Known("Q36", "only request_id"),
        _ => Known("Q8", "no id"),
    };

    private static Finding JudgeStatus(Exchange exchange) => exchange.Result.Response switch
    {
        { Status: "success" or "processing" } => Agrees("success and processing"),
        { IsFailure: true, AcceptedId: null } => Known("Q39", exchange.Describe()),
        { HasUnknownStatus: false, Status.Length: > 0 } => Known("Q12", exchange.Describe()),
        _ => Differs(exchange.Describe()),
    };

    private static Finding JudgeMeta(Exchange exchange)
    {
        JsonElement meta = exchange["meta"];
        if (meta.ValueKind != JsonValueKind.Object) return Known("Q19", Kind(exchange, "meta"));
        if (TolerantJson.ReadInteger(TolerantJson.GetProperty(meta, "seed")) != (int?)exchange.Fields!["seed"]) return Differs("not the seed that was sent");

        string[] texts = [.. meta.EnumerateObject().Where(property => property.Value.ValueKind == JsonValueKind.String
            && (TolerantJson.ReadNumber(property.Value) is not null || TolerantJson.ReadText(property.Value) is "true" or "false")).Select(TolerantJson.ReadName)];
        return texts.Length > 0 ? Known("Q15", $"texts: {string.Join(", ", texts)}") : Agrees("the seed that was sent; numbers as numbers");
    }

    private static Finding JudgeOutput(Exchange exchange)
    {
        JsonElement output = exchange["output"];
        ServiceResponse response = exchange.Result.Response!;
        return output.ValueKind is JsonValueKind.String or JsonValueKind.Object && response.Output.Count > 0 ? Known("Q21", Kind(exchange, "output"))
            : response.Output.Count == 0 ? Known(response.AlternateLinks.Count > 0 ? "Q22" : "Q20", Kind(exchange, "output"))
            : Observations.IsLinkArray(output) ? Agrees("an array of links") : Known("Q27", "base64 in output");
    }

    private static Finding JudgeCount(Observations observed, string step) => observed.CountImages(step) switch
    {
        null => NotObserved("the generation did not finish"),
        2 => Agrees("two images"),
        1 => Known("Q41", "one image"),
        { } count => Differs($"{count} images"),
    };

    private static Finding JudgeDownload(Exchange download, IEnumerable<Exchange> ofSameStep) => download switch
    {
        { Image.IsBase64: true } when !download.Step.StartsWith("inline-base64", StringComparison.Ordinal) => Known("Q27", "base64 text"),
        { Image: not null } => Agrees("the image"),
        _ when !ofSameStep.Any(other => other.Image is not null) => Differs($"no image in {ofSameStep.Count()} attempts: {download.Describe()}"),
        { Status: 404 or 403 or 429 } => Known("Q25", $"HTTP {download.Status}, then the image"),
        { Status: 200, Result.Failure: not null } or { Status: 200, MediaType: "image/png" } => Known("Q31", $"{download.Describe()}, then the image"),
        { Status: 200, MediaType: "text/html" } => Known("Q26", "HTML, then the image"),
        _ => Known(Contract, $"{download.Describe()}, then the image"),
    };

    private static Finding JudgeSize(Observations observed, ReceivedImage image)
    {
        if (observed.Find(image.Step)?.Fields is not { } fields || fields["width"] is not { } width || fields["height"] is not { } height) return NotObserved("no size was requested");

        ImageInfo info = image.Image.Info;
        return ((int)width, (int)height) == (info.Width, info.Height) ? Agrees("the requested size") : Known("Q17", $"{info.Width} × {info.Height} instead of {width} × {height}");
    }
}
