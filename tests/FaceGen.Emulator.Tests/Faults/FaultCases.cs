using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using FaceGen.Emulator.Tests.Support;
using SkiaSharp;

namespace FaceGen.Emulator.Tests.Faults;

/// <summary>For each fault, the assertions about what the caller sees.</summary>
internal static class FaultCases
{
    /// <summary>The wait of the tests' rules.</summary>
    public static readonly TimeSpan Wait = TimeSpan.FromSeconds(90);

    /// <summary>The faults that a fetch can show only while the generation is queued.</summary>
    public static readonly IReadOnlySet<string> QueuedOnly = new HashSet<string>
    {
        "Q7-no-output", "Q12-queued", "Q12-pending", "Q18-request-processing", "Q19-output-null",
    };

    /// <summary>The faults after which the usual path denies the generation.</summary>
    public static readonly IReadOnlySet<string> DeniedFetches = new HashSet<string> { "Q42-other-path", "Q42-links-only" };

    public static readonly IReadOnlyDictionary<string, Action<FaultResult>> All = new Dictionary<string, Action<FaultResult>>
    {
        ["request-dropped"] = Dropped,
        ["unavailable"] = static result => Error(result, 503),
        ["unavailable-html"] = static result => Html(result, 503),
        ["Q1-error"] = static result =>
        {
            Error(result, 200);
            Assert.False(result.Json.ContainsKey("id"));
        },
        ["Q2-message-object"] = static result =>
        {
            Assert.Equal(200, result.Response.Status);
            Assert.Equal("error", result.Status);
            Assert.Equal("The face image field is required.", (string?)result.Json["message"]!["face_image"]![0]);
        },
        ["Q3-code"] = static result =>
        {
            Error(result, 200);
            Assert.Equal(JsonValueKind.Number, result.Json["code"]!.GetValueKind());
        },
        ["Q4-messege"] = static result => MessageOnlyIn(result, "messege", result.Json["messege"]),
        ["Q4-error"] = static result => MessageOnlyIn(result, "error", result.Json["error"]),
        ["Q4-error-message"] = static result => MessageOnlyIn(result, "error", result.Json["error"]!["message"]),
        ["Q13-out-of-credits"] = static result =>
        {
            Error(result, 200);
            Assert.Contains("out of credits", result.Message, StringComparison.Ordinal);
        },
        ["not-in-plan"] = static result => Error(result, 403),
        ["key-in-refusal"] = static result =>
        {
            Error(result, 400);
            Assert.Contains(TestService.Key, result.Message, StringComparison.Ordinal);
        },
        ["control-sequences"] = static result =>
        {
            Error(result, 400);
            Assert.Contains('\e', result.Message);
            Assert.Contains('\u009b', result.Message);
        },
        ["Q23-other-key"] = static result =>
        {
            Error(result, 200);
            Assert.Contains("this key", result.Message, StringComparison.Ordinal);
        },
        ["Q35-inline-face"] = static result =>
        {
            Error(result, 400);
            Assert.Contains("base64 must be true", result.Message, StringComparison.Ordinal);
        },
        ["Q39-failed-try-again"] = static result =>
        {
            Assert.Equal(200, result.Response.Status);
            Assert.Equal(("failed", "", "Failed, Try Again", ""), (result.Status, (string?)result.Json["id"], result.Message, (string?)result.Output));
        },
        ["Q43-monthly-limit"] = static result => AccountWide(result, "monthly limit exceeded, upgrade subscription"),
        ["Q43-wallet"] = static result => AccountWide(result, "Insufficient wallet balance"),
        ["Q43-premium"] = static result => AccountWide(result, "requires a premium subscription"),
        ["Q43-key-required"] = static result => AccountWide(result, "API key required"),
        ["Q24-429"] = RateLimited,
        ["Q24-500"] = static result => Error(result, 500),
        ["rate-limited"] = RateLimited,
        ["count-by-get"] = static result => Error(result, 405),
        ["key-in-500"] = static result =>
        {
            Error(result, 500);
            Assert.Contains(TestService.Key, result.Message, StringComparison.Ordinal);
        },
        ["queue-full-body"] = static result =>
        {
            RateLimited(result);
            Assert.Equal("Rate limit exceeded. Maximum 5 queued requests allowed.", result.Message);
            Assert.Null(result.Response.Header("Retry-After"));
        },
        ["queue-full-header-seconds"] = static result =>
        {
            EmptyBody(result, 429);
            Assert.Equal("90", result.Response.Header("Retry-After"));
        },
        ["queue-full-header-date"] = static result =>
        {
            EmptyBody(result, 429);
            var date = DateTimeOffset.ParseExact(result.Response.Header("Retry-After")!, "R", CultureInfo.InvariantCulture);
            var now = DateTimeOffset.Parse(result.Response.Header("Date")!, CultureInfo.InvariantCulture);
            Assert.InRange(date - now, Wait - TimeSpan.FromSeconds(2), Wait + TimeSpan.FromSeconds(2));
        },
        ["Q5-rate-limit"] = static result =>
        {
            Error(result, 200);
            Assert.StartsWith("Rate limit exceeded.", result.Message, StringComparison.Ordinal);
            Assert.False(result.Json.ContainsKey("retry_after"));
        },
        ["Q6-wait-in-seconds"] = static result =>
        {
            Error(result, 200);
            Assert.EndsWith("Try again in 90 seconds.", result.Message, StringComparison.Ordinal);
        },
        ["Q6-wait-in-minutes"] = static result =>
        {
            Error(result, 200);
            Assert.EndsWith("Try again in 1.5 minutes.", result.Message, StringComparison.Ordinal);
        },
        ["Q38-wait-in-tip"] = static result => WaitOnlyIn(result, "tip"),
        ["Q38-wait-in-tip-1"] = static result => WaitOnlyIn(result, "tip_1"),
        ["Q38-reason-in-tips"] = static result =>
        {
            Assert.Equal((200, "error", ""), (result.Response.Status, result.Status, result.Message));
            Assert.Equal("Rate limit exceeded. Try again in 90 seconds.", (string?)result.Json["tips"]);
        },
        ["Q40-spam"] = static result =>
        {
            Error(result, 200);
            Assert.Contains("spam", result.Message, StringComparison.Ordinal);
            Match wait = Regex.Match((string)result.Json["tips"]!, "^Try again in ([0-9]+) seconds[.]$");
            Assert.InRange(int.Parse(wait.Groups[1].Value, CultureInfo.InvariantCulture), 1, 30);
        },
        ["Q45-pace"] = static result =>
        {
            EmptyBody(result, 429);
            Assert.Null(result.Response.Header("Retry-After"));
        },

        ["accepted-then-dropped"] = Dropped,
        ["accepted-then-500"] = static result => Error(result, 500),
        ["Q46-429-with-id"] = static result => RefusedWithId(result, 429),
        ["Q46-400-with-id"] = static result => RefusedWithId(result, 400),
        ["accepted-then-never-answered"] = NoResponse,
        ["dropped"] = Dropped,
        ["never-answered"] = NoResponse,
        ["Q14-502-html"] = static result => Html(result, 502),
        ["Q14-504-html"] = static result => Html(result, 504),
        ["Q14-524-html"] = static result => Html(result, 524),
        ["Q14-200-html"] = static result => Html(result, 200),
        ["Q14-empty"] = static result =>
        {
            Assert.Equal(200, result.Response.Status);
            Assert.Equal(0, result.Response.Length);
        },
        ["Q14-cut"] = static result =>
        {
            Cut(result);
            Assert.StartsWith("{\"status\":\"", result.Response.Text, StringComparison.Ordinal);
        },
        ["Q14-half"] = static result =>
        {
            Assert.Equal(result.Response.Body.Length, result.Response.Length);
            Assert.StartsWith("{\"status\":\"", result.Response.Text, StringComparison.Ordinal);
            Assert.ThrowsAny<JsonException>(() => result.Json);
        },
        ["deep"] = static result =>
        {
            Assert.ThrowsAny<JsonException>(() => result.Json);
            using var deep = JsonDocument.Parse(result.Response.Text, new JsonDocumentOptions { MaxDepth = 20_000 });
            Assert.Equal("success", deep.RootElement.GetProperty("status").GetString());
        },
        ["endless"] = Endless,

        ["Q7-output-text"] = static result => Assert.Equal("", (string?)Processing(result)["output"]),
        ["Q7-no-output"] = static result => Assert.False(Processing(result).ContainsKey("output")),
        ["Q8-no-id"] = static result =>
        {
            Assert.False(Processing(result).ContainsKey("id"));
            Assert.Contains("/fetch/", (string?)result.Json["fetch_result"], StringComparison.Ordinal);
        },
        ["Q8-no-fetch-result"] = static result =>
        {
            Assert.False(Processing(result).ContainsKey("fetch_result"));
            Assert.True(result.Json.ContainsKey("id"));
        },
        ["Q8-neither"] = static result => Assert.DoesNotContain(
            result.Fixture.LastEntry.GenerationId!.Value.ToString(CultureInfo.InvariantCulture),
            Processing(result).ToJsonString(),
            StringComparison.Ordinal),
        ["Q9-other-version"] = static result =>
            Assert.EndsWith($"/api/v3/fetch/{result.Json["id"]}", (string?)Processing(result)["fetch_result"], StringComparison.Ordinal),
        ["Q9-other-host"] = static result =>
            Assert.NotEqual(result.Fixture.Host.BaseUri.Host, new Uri((string)Processing(result)["fetch_result"]!).Host),
        ["Q42-other-path"] = static result =>
        {
            string address = (string)Processing(result)["fetch_result"]!;
            Assert.Equal($"/api/v6/images/fetch/{result.Json["id"]}", new Uri(address).AbsolutePath);
            FetchIsDenied(result);
            Assert.Equal("success", (string?)Fetch(result, address).Body["status"]);
        },
        ["Q42-links-only"] = static result =>
        {
            FetchIsDenied(result);
            Assert.Equal(404, Fetch(result, (string)Processing(result)["fetch_result"]!).Status);
            LinkReturnsPicture(result, "future_links");
        },
        ["Q10-eta-fraction"] = static result => Assert.Equal(0.5, (double)Processing(result)["eta"]! % 1),
        ["Q10-eta-zero"] = static result => Assert.Equal(0, (int)Processing(result)["eta"]!),
        ["Q10-no-eta"] = static result => Assert.False(Processing(result).ContainsKey("eta")),
        ["Q10-eta-text"] = static result => Assert.True(int.TryParse((string?)Processing(result)["eta"], out _)),
        ["Q12-queued"] = static result => Assert.Equal("queued", result.Status),
        ["Q12-pending"] = static result => Assert.Equal("pending", result.Status),
        ["Q18-request-processing"] = static result => Assert.Equal("Request processing", (string?)Processing(result)["message"]),
        ["Q19-output-null"] = static result =>
        {
            Assert.True(Processing(result).ContainsKey("output"));
            Assert.Null(result.Output);
        },

        ["Q11-id-text"] = static result =>
            Assert.Equal(result.Fixture.LastEntry.GenerationId, long.Parse((string)result.Json["id"]!, CultureInfo.InvariantCulture)),
        ["Q11-track-id-text"] = static result => Assert.Equal("42", (string?)result.Json["track_id"]),
        ["Q36-request-id"] = static result =>
        {
            Assert.All(["id", "fetch_result"], field => Assert.False(result.Json.ContainsKey(field)));
            Assert.Equal(result.Fixture.LastEntry.GenerationId, (long)result.Json["request_id"]!);
        },
        ["Q37-nsfw-flag"] = static result =>
        {
            Assert.Equal(result.ExpectedLink, result.Link("output"));
            Assert.True((bool)result.Json["nsfw_content_detected"]!);
            Assert.True(result.Json.ContainsKey("webhook_status"));
        },
        ["Q44-uuid"] = static result =>
        {
            Assert.True(Guid.TryParse((string?)result.Json["id"], out _));
            FetchByIdReturnsIt(result);
        },
        ["Q44-text"] = static result =>
        {
            Assert.StartsWith("req_", (string?)result.Json["id"], StringComparison.Ordinal);
            FetchByIdReturnsIt(result);
        },
        ["Q12-failed"] = static result =>
        {
            Assert.Equal("failed", result.Status);
            Assert.Equal(result.Fixture.LastEntry.GenerationId, (long)result.Json["id"]!);
        },
        ["Q12-ready"] = static result =>
        {
            Assert.Equal("ready", result.Status);
            Assert.Equal(result.ExpectedLink, result.Link("output"));
        },
        ["Q15-meta-texts"] = static result =>
        {
            Assert.Equal("96", (string?)result.Json["meta"]!["W"]);
            Assert.Equal("7.5", (string?)result.Json["meta"]!["guidance_scale"]);
            Assert.Equal("no", (string?)result.Json["meta"]!["base64"]);
            Assert.Equal("true", (string?)result.Json["meta"]!["temp"]);
        },
        ["Q19-extra-fields"] = static result =>
        {
            Assert.Equal(result.ExpectedLink, result.Link("output"));
            Assert.Equal("error", (string?)result.Json["more"]!["status"]);
        },
        ["Q19-nulls"] = static result =>
        {
            Assert.Equal(result.ExpectedLink, result.Link("output"));
            Assert.All(["meta", "proxy_links", "message"], field => Assert.Null(result.Json[field]));
            Assert.True(result.Json.ContainsKey("meta"));
        },
        ["key-echoed"] = static result =>
        {
            Assert.Equal(result.ExpectedLink, result.Link("output"));
            Assert.Contains(TestService.Key, result.Message, StringComparison.Ordinal);
            Assert.Equal(TestService.Key, (string?)result.Json["meta"]!["key"]);
        },

        ["Q20-empty-output"] = static result =>
        {
            Assert.Equal("success", result.Status);
            Assert.Empty(result.Output!.AsArray());
            Assert.False(result.Json.ContainsKey("proxy_links"));
        },
        ["Q20-null-output"] = static result =>
        {
            Assert.Equal("success", result.Status);
            Assert.True(result.Json.ContainsKey("output"));
            Assert.Null(result.Output);
        },
        ["Q20-no-output"] = static result =>
        {
            Assert.Equal("success", result.Status);
            Assert.False(result.Json.ContainsKey("output"));
        },
        ["Q21-output-text"] = static result => Assert.Equal(result.ExpectedLink, (string?)result.Output),
        ["Q21-output-object"] = static result =>
            Assert.Equal(result.ExpectedLink, (string?)Assert.Single(result.Output!.AsObject()).Value),
        ["Q22-proxy-links"] = static result => LinksOnlyIn(result, "proxy_links"),
        ["Q22-links"] = static result => LinksOnlyIn(result, "links"),
        ["Q22-future-links"] = static result => LinksOnlyIn(result, "future_links"),
        ["Q41-fewer-images"] = static result => Assert.Equal(result.ExpectedLink, result.Link("output")),
        ["Q27-inline"] = static result => Picture(Convert.FromBase64String(result.Link("output"))),
        ["Q27-inline-data-uri"] = static result =>
        {
            string[] parts = result.Link("output").Split(',');
            Assert.Equal("data:image/png;base64", parts[0]);
            Picture(Convert.FromBase64String(parts[1]));
        },
        ["Q29-no-extension"] = static result =>
        {
            Assert.Equal(result.ExpectedLink, result.Link("output") + ".png");
            LinkReturnsPicture(result);
        },
        ["Q29-slashes"] = static result =>
        {
            Assert.Contains("///", new Uri(result.Link("output")).AbsolutePath, StringComparison.Ordinal);
            LinkReturnsPicture(result);
        },
        ["Q29-query"] = static result =>
        {
            Assert.NotEmpty(new Uri(result.Link("output")).Query);
            LinkReturnsPicture(result);
        },
        ["Q30-other-host"] = static result =>
        {
            Assert.NotEqual(result.Fixture.Host.BaseUri.Host, new Uri(result.Link("output")).Host);
            LinkReturnsPicture(result);
        },

        ["Q25-404"] = static result => EmptyBody(result, 404),
        ["Q25-403"] = static result => EmptyBody(result, 403),
        ["Q25-429"] = static result =>
        {
            EmptyBody(result, 429);
            Assert.Equal("90", result.Response.Header("Retry-After"));
        },
        ["download-503"] = static result => Html(result, 503),
        ["Q26-html"] = static result => Html(result, 200),
        ["Q26-html-for-good"] = static result => Html(result, 200),
        ["Q27-base64"] = static result =>
        {
            Assert.Equal("text/plain", result.Response.MediaType);
            Assert.Equal(result.Fixture.Png, Convert.FromBase64String(result.Response.Text));
        },
        ["Q27-base64-data-uri"] = static result =>
        {
            Assert.Equal("text/plain", result.Response.MediaType);
            Assert.Equal($"data:image/png;base64,{Convert.ToBase64String(result.Fixture.Png)}", result.Response.Text);
        },
        ["Q28-text-plain"] = static result => CompleteAs(result, "text/plain"),
        ["Q28-octet-stream"] = static result => CompleteAs(result, "application/octet-stream"),
        ["Q31-cut"] = static result =>
        {
            Cut(result);
            Assert.Equal(result.Fixture.Png[..result.Response.Body.Length], result.Response.Body);
        },
        ["Q31-chunked"] = static result =>
        {
            Assert.True(result.Response.IsChunked);
            Assert.Null(result.Response.Length);
            Assert.Equal(result.Fixture.Png, result.Response.Body);
        },
        ["Q31-until-close"] = static result =>
        {
            UntilClose(result);
            Assert.Equal(result.Fixture.Png, result.Response.Body);
        },
        ["Q31-until-close-cut"] = static result =>
        {
            UntilClose(result);
            Assert.Equal(result.Fixture.Png[..(result.Fixture.Png.Length / 2)], result.Response.Body);
        },
        ["endless-picture"] = Endless,
        ["Q32-range-ignored"] = static result => CompleteAs(result, "image/png"),
        ["Q32-wrong-range"] = static result =>
        {
            Assert.Equal(206, result.Response.Status);
            Assert.Equal($"bytes 50-{result.Fixture.Png.Length - 1}/{result.Fixture.Png.Length}", result.Response.Header("Content-Range"));
            Assert.Equal(result.Fixture.Png[50..], result.Response.Body);
        },
        ["Q32-416"] = static result =>
        {
            EmptyBody(result, 416);
            Assert.Equal($"bytes */{result.Fixture.Png.Length}", result.Response.Header("Content-Range"));
        },
        ["Q33-404"] = static result => EmptyBody(result, 404),
        ["Q33-410"] = static result => EmptyBody(result, 410),
        ["redirect"] = static result => RedirectsTo(result, Moved(result)),
        ["redirect-https"] = static result => RedirectsTo(result, new UriBuilder(Moved(result)) { Scheme = "https" }.Uri),
        ["redirect-private"] = static result => RedirectsTo(result, new Uri("http://10.0.0.1/picture.png")),
        ["redirect-link-local"] = static result => RedirectsTo(result, new Uri("http://169.254.169.254/latest/meta-data/")),
        ["redirect-file"] = static result => RedirectsTo(result, new Uri("file:///etc/hostname")),
        ["redirect-loop"] = static result => RedirectsTo(result, new Uri(result.Fixture.Link)),
        ["Q16-black"] = static result => Assert.All(Colors(result), static color => Assert.Equal(SKColors.Black, color)),
        ["Q16-near-black"] = static result =>
        {
            SKColor[] colors = Colors(result);
            Assert.True(colors.Distinct().Count() > 1);
            Assert.All(colors, static color => Assert.True(color.Red < 8 && color.Green < 8 && color.Blue < 8));
        },
        ["Q16-same-file"] = static result =>
        {
            using SKBitmap picture = SKBitmap.Decode(result.Response.Body);
            Assert.Equal((512, 512), (picture.Width, picture.Height));
        },
        ["Q17-other-size"] = static result =>
        {
            using SKBitmap picture = SKBitmap.Decode(result.Response.Body);
            Assert.Equal((FaultFixture.Width / 2, FaultFixture.Height / 2), (picture.Width, picture.Height));
        },
        ["png-half"] = static result =>
        {
            Assert.Equal(result.Response.Length, result.Response.Body.Length);
            Assert.Equal(result.Fixture.Png[..(result.Fixture.Png.Length / 2)], result.Response.Body);
        },
        ["png-huge-header"] = static result =>
        {
            using var data = SKData.CreateCopy(result.Response.Body);
            using SKCodec codec = SKCodec.Create(data);
            Assert.Equal((65_535, 65_535), (codec.Info.Width, codec.Info.Height));
        },
    };

    private static void Dropped(FaultResult result)
    {
        Assert.True(result.Response.IsClosed);
        Assert.Empty(result.Response.Bytes);
    }

    private static void NoResponse(FaultResult result)
    {
        Assert.False(result.Response.IsClosed);
        Assert.Empty(result.Response.Bytes);
    }

    private static void Endless(FaultResult result)
    {
        Assert.Equal(200, result.Response.Status);
        Assert.Null(result.Response.Length);
        Assert.False(result.Response.IsClosed);
        Assert.True(result.Response.Body.Length > 1024 * 1024);
    }

    private static void Error(FaultResult result, int status)
    {
        Assert.Equal(status, result.Response.Status);
        Assert.Equal("application/json", result.Response.MediaType);
        Assert.Equal("error", result.Status);
        Assert.NotEmpty(result.Message);
    }

    private static void RateLimited(FaultResult result)
    {
        Error(result, 429);
        Assert.Equal(90, (int)result.Json["retry_after"]!);
    }

    private static void AccountWide(FaultResult result, string message)
    {
        Error(result, 200);
        Assert.Contains(message, result.Message, StringComparison.Ordinal);
    }

    private static void WaitOnlyIn(FaultResult result, string field)
    {
        Error(result, 200);
        Assert.DoesNotContain("90", result.Message, StringComparison.Ordinal);
        Assert.Equal("Try again in 90 seconds.", (string?)result.Json[field]);
    }

    private static void RefusedWithId(FaultResult result, int status)
    {
        Error(result, status);
        Assert.Equal(result.Fixture.LastEntry.GenerationId, (long)result.Json["id"]!);
    }

    private static void FetchIsDenied(FaultResult result)
    {
        (int status, JsonNode body) = Fetch(result, $"/api/v6/image_editing/fetch/{result.Json["id"]}");
        Assert.Equal((404, "Request not found"), (status, (string?)body["message"]));
    }

    private static void FetchByIdReturnsIt(FaultResult result)
    {
        (int status, JsonNode body) = Fetch(result, $"/api/v6/image_editing/fetch/{result.Json["id"]}");
        Assert.Equal((200, "success", (string?)result.Json["id"]), (status, (string?)body["status"], (string?)body["id"]));
    }

    private static (int Status, JsonNode Body) Fetch(FaultResult result, string address)
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(result.Fixture.Host.BaseUri, address))
        {
            Content = new StringContent($"{{\"key\":\"{TestService.Key}\"}}"),
        };
        using HttpResponseMessage response = client.Send(request);
        return ((int)response.StatusCode, JsonNode.Parse(response.Content.ReadAsStream())!);
    }

    private static void MessageOnlyIn(FaultResult result, string field, JsonNode? message)
    {
        Assert.Equal(200, result.Response.Status);
        Assert.Equal(["status", field], result.Json.Select(static pair => pair.Key));
        Assert.NotEmpty(message!.GetValue<string>());
    }

    private static void Html(FaultResult result, int status)
    {
        Assert.Equal(status, result.Response.Status);
        Assert.Equal("text/html", result.Response.MediaType);
        Assert.StartsWith("<!DOCTYPE html>", result.Response.Text, StringComparison.Ordinal);
    }

    private static void EmptyBody(FaultResult result, int status)
    {
        Assert.Equal(status, result.Response.Status);
        Assert.Empty(result.Response.Body);
    }

    private static void Cut(FaultResult result)
    {
        Assert.Equal(200, result.Response.Status);
        Assert.True(result.Response.IsClosed);
        Assert.InRange(result.Response.Body.Length, 1, result.Response.Length!.Value - 1);
    }

    private static void UntilClose(FaultResult result)
    {
        Assert.Equal(200, result.Response.Status);
        Assert.True(result.Response.IsClosed);
        Assert.False(result.Response.IsChunked);
        Assert.Null(result.Response.Length);
    }

    private static JsonObject Processing(FaultResult result)
    {
        Assert.Equal(200, result.Response.Status);
        Assert.Equal("processing", result.Status);
        return result.Json;
    }

    private static void LinksOnlyIn(FaultResult result, string field)
    {
        Assert.Equal("success", result.Status);
        Assert.Empty(result.Output!.AsArray());
        Assert.Equal(result.ExpectedLink, result.Link(field));
    }

    private static void LinkReturnsPicture(FaultResult result, string field = "output")
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, result.Link(field));
        using HttpResponseMessage response = client.Send(request);
        using var png = new MemoryStream();
        response.Content.ReadAsStream().CopyTo(png);
        Picture(png.ToArray());
    }

    private static void CompleteAs(FaultResult result, string mediaType)
    {
        Assert.Equal(200, result.Response.Status);
        Assert.Equal(mediaType, result.Response.MediaType);
        Assert.Equal(result.Fixture.Png, result.Response.Body);
    }

    private static void RedirectsTo(FaultResult result, Uri location)
    {
        EmptyBody(result, 302);
        Assert.Equal(location.AbsoluteUri, result.Response.Header("Location"));
    }

    private static void Picture(byte[] png)
    {
        using SKBitmap picture = SKBitmap.Decode(png);
        Assert.Equal((FaultFixture.Width, FaultFixture.Height), (picture.Width, picture.Height));
    }

    private static SKColor[] Colors(FaultResult result)
    {
        Assert.Equal(200, result.Response.Status);
        Assert.Equal("image/png", result.Response.MediaType);
        Picture(result.Response.Body);
        using SKBitmap picture = SKBitmap.Decode(result.Response.Body);
        return picture.Pixels;
    }

    private static Uri Moved(FaultResult result) => new(result.Fixture.Host.BaseUri, "/moved" + new Uri(result.Fixture.Link).AbsolutePath);
}
