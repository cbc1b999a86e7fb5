using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using FaceGen.Emulator.Tests.Support;
using SkiaSharp;

namespace FaceGen.Emulator.Tests.Faults;

/// <summary>For each fault, what it looks like to the caller.</summary>
internal static class FaultCases
{
    /// <summary>What the tests' rules tell the caller to wait.</summary>
    public static readonly TimeSpan Wait = TimeSpan.FromSeconds(90);

    /// <summary>The faults that a fetch can show only while the generation is in the queue.</summary>
    public static readonly IReadOnlySet<string> QueuedOnly = new HashSet<string>
    {
        "Q7-no-output", "Q12-queued", "Q12-pending", "Q18-request-processing", "Q19-output-null",
    };

    public static readonly IReadOnlyDictionary<string, Action<FaultResult>> All = new Dictionary<string, Action<FaultResult>>
    {
        ["request-dropped"] = Dropped,
        ["unavailable"] = static hit => Error(hit, 503),
        ["unavailable-html"] = static hit => Html(hit, 503),
        ["Q1-error"] = static hit =>
        {
            Error(hit, 200);
            Assert.False(hit.Json.ContainsKey("id"));
        },
        ["Q2-message-object"] = static hit =>
        {
            Assert.Equal(200, hit.Response.Status);
            Assert.Equal("error", hit.Status);
            Assert.Equal("The face image field is required.", (string?)hit.Json["message"]!["face_image"]![0]);
        },
        ["Q3-code"] = static hit =>
        {
            Error(hit, 200);
            Assert.Equal(JsonValueKind.Number, hit.Json["code"]!.GetValueKind());
        },
        ["Q4-messege"] = static hit => MessageOnlyIn(hit, "messege", hit.Json["messege"]),
        ["Q4-error"] = static hit => MessageOnlyIn(hit, "error", hit.Json["error"]),
        ["Q4-error-message"] = static hit => MessageOnlyIn(hit, "error", hit.Json["error"]!["message"]),
        ["Q13-out-of-credits"] = static hit =>
        {
            Error(hit, 200);
            Assert.Contains("out of credits", hit.Message, StringComparison.Ordinal);
        },
        ["not-in-plan"] = static hit => Error(hit, 403),
        ["key-in-refusal"] = static hit =>
        {
            Error(hit, 400);
            Assert.Contains(TestService.Key, hit.Message, StringComparison.Ordinal);
        },
        ["control-sequences"] = static hit =>
        {
            Error(hit, 400);
            Assert.Contains('\e', hit.Message);
            Assert.Contains('\u009b', hit.Message);
        },
        ["Q23-other-key"] = static hit =>
        {
            Error(hit, 200);
            Assert.Contains("this key", hit.Message, StringComparison.Ordinal);
        },
        ["Q24-429"] = RateLimited,
        ["Q24-500"] = static hit => Error(hit, 500),
        ["rate-limited"] = RateLimited,
        ["key-in-500"] = static hit =>
        {
            Error(hit, 500);
            Assert.Contains(TestService.Key, hit.Message, StringComparison.Ordinal);
        },
        ["queue-full-body"] = static hit =>
        {
            RateLimited(hit);
            Assert.Equal("Rate limit exceeded. Maximum 5 queued requests allowed.", hit.Message);
            Assert.Null(hit.Response.Header("Retry-After"));
        },
        ["queue-full-header-seconds"] = static hit =>
        {
            EmptyBody(hit, 429);
            Assert.Equal("90", hit.Response.Header("Retry-After"));
        },
        ["queue-full-header-date"] = static hit =>
        {
            EmptyBody(hit, 429);
            var date = DateTimeOffset.ParseExact(hit.Response.Header("Retry-After")!, "R", CultureInfo.InvariantCulture);
            var now = DateTimeOffset.Parse(hit.Response.Header("Date")!, CultureInfo.InvariantCulture);
            Assert.InRange(date - now, Wait - TimeSpan.FromSeconds(2), Wait + TimeSpan.FromSeconds(2));
        },
        ["Q5-rate-limit"] = static hit =>
        {
            Error(hit, 200);
            Assert.StartsWith("Rate limit exceeded.", hit.Message, StringComparison.Ordinal);
            Assert.False(hit.Json.ContainsKey("retry_after"));
        },
        ["Q6-wait-in-seconds"] = static hit =>
        {
            Error(hit, 200);
            Assert.EndsWith("Try again in 90 seconds.", hit.Message, StringComparison.Ordinal);
        },
        ["Q6-wait-in-minutes"] = static hit =>
        {
            Error(hit, 200);
            Assert.EndsWith("Try again in 1.5 minutes.", hit.Message, StringComparison.Ordinal);
        },

        ["accepted-then-dropped"] = Dropped,
        ["accepted-then-500"] = static hit => Error(hit, 500),
        ["accepted-then-never-answered"] = NoResponse,
        ["dropped"] = Dropped,
        ["never-answered"] = NoResponse,
        ["Q14-502-html"] = static hit => Html(hit, 502),
        ["Q14-504-html"] = static hit => Html(hit, 504),
        ["Q14-524-html"] = static hit => Html(hit, 524),
        ["Q14-200-html"] = static hit => Html(hit, 200),
        ["Q14-empty"] = static hit =>
        {
            Assert.Equal(200, hit.Response.Status);
            Assert.Equal(0, hit.Response.Length);
        },
        ["Q14-cut"] = static hit =>
        {
            Cut(hit);
            Assert.StartsWith("{\"status\":\"", hit.Response.Text, StringComparison.Ordinal);
        },
        ["Q14-half"] = static hit =>
        {
            Assert.Equal(hit.Response.Body.Length, hit.Response.Length);
            Assert.StartsWith("{\"status\":\"", hit.Response.Text, StringComparison.Ordinal);
            Assert.ThrowsAny<JsonException>(() => hit.Json);
        },
        ["deep"] = static hit =>
        {
            Assert.ThrowsAny<JsonException>(() => hit.Json);
            using var deep = JsonDocument.Parse(hit.Response.Text, new JsonDocumentOptions { MaxDepth = 20_000 });
            Assert.Equal("success", deep.RootElement.GetProperty("status").GetString());
        },
        ["endless"] = Endless,

        ["Q7-output-text"] = static hit => Assert.Equal("", (string?)Processing(hit)["output"]),
        ["Q7-no-output"] = static hit => Assert.False(Processing(hit).ContainsKey("output")),
        ["Q8-no-id"] = static hit =>
        {
            Assert.False(Processing(hit).ContainsKey("id"));
            Assert.Contains("/fetch/", (string?)hit.Json["fetch_result"], StringComparison.Ordinal);
        },
        ["Q8-no-fetch-result"] = static hit =>
        {
            Assert.False(Processing(hit).ContainsKey("fetch_result"));
            Assert.True(hit.Json.ContainsKey("id"));
        },
        ["Q8-neither"] = static hit => Assert.DoesNotContain(
            hit.Fixture.LastEntry.GenerationId!.Value.ToString(CultureInfo.InvariantCulture),
            Processing(hit).ToJsonString(),
            StringComparison.Ordinal),
        ["Q9-other-version"] = static hit =>
            Assert.EndsWith($"/api/v3/fetch/{hit.Json["id"]}", (string?)Processing(hit)["fetch_result"], StringComparison.Ordinal),
        ["Q9-other-host"] = static hit =>
            Assert.NotEqual(hit.Fixture.Host.BaseUri.Host, new Uri((string)Processing(hit)["fetch_result"]!).Host),
        ["Q10-eta-fraction"] = static hit => Assert.Equal(0.5, (double)Processing(hit)["eta"]! % 1),
        ["Q10-eta-zero"] = static hit => Assert.Equal(0, (int)Processing(hit)["eta"]!),
        ["Q10-no-eta"] = static hit => Assert.False(Processing(hit).ContainsKey("eta")),
        ["Q10-eta-text"] = static hit => Assert.True(int.TryParse((string?)Processing(hit)["eta"], out _)),
        ["Q12-queued"] = static hit => Assert.Equal("queued", hit.Status),
        ["Q12-pending"] = static hit => Assert.Equal("pending", hit.Status),
        ["Q18-request-processing"] = static hit => Assert.Equal("Request processing", (string?)Processing(hit)["message"]),
        ["Q19-output-null"] = static hit =>
        {
            Assert.True(Processing(hit).ContainsKey("output"));
            Assert.Null(hit.Output);
        },

        ["Q11-id-text"] = static hit =>
            Assert.Equal(hit.Fixture.LastEntry.GenerationId, long.Parse((string)hit.Json["id"]!, CultureInfo.InvariantCulture)),
        ["Q11-track-id-text"] = static hit => Assert.Equal("42", (string?)hit.Json["track_id"]),
        ["Q12-failed"] = static hit =>
        {
            Assert.Equal("failed", hit.Status);
            Assert.Equal(hit.Fixture.LastEntry.GenerationId, (long)hit.Json["id"]!);
        },
        ["Q12-ready"] = static hit =>
        {
            Assert.Equal("ready", hit.Status);
            Assert.Equal(hit.ExpectedLink, hit.Link("output"));
        },
        ["Q15-meta-texts"] = static hit =>
        {
            Assert.Equal("96", (string?)hit.Json["meta"]!["width"]);
            Assert.Equal("7.5", (string?)hit.Json["meta"]!["guidance_scale"]);
            Assert.Equal("no", (string?)hit.Json["meta"]!["base64"]);
        },
        ["Q19-extra-fields"] = static hit =>
        {
            Assert.Equal(hit.ExpectedLink, hit.Link("output"));
            Assert.Equal("error", (string?)hit.Json["more"]!["status"]);
        },
        ["Q19-nulls"] = static hit =>
        {
            Assert.Equal(hit.ExpectedLink, hit.Link("output"));
            Assert.All(["meta", "proxy_links", "message"], field => Assert.Null(hit.Json[field]));
            Assert.True(hit.Json.ContainsKey("meta"));
        },
        ["key-echoed"] = static hit =>
        {
            Assert.Equal(hit.ExpectedLink, hit.Link("output"));
            Assert.Contains(TestService.Key, hit.Message, StringComparison.Ordinal);
            Assert.Equal(TestService.Key, (string?)hit.Json["meta"]!["key"]);
        },

        ["Q20-empty-output"] = static hit =>
        {
            Assert.Equal("success", hit.Status);
            Assert.Empty(hit.Output!.AsArray());
            Assert.False(hit.Json.ContainsKey("proxy_links"));
        },
        ["Q20-null-output"] = static hit =>
        {
            Assert.Equal("success", hit.Status);
            Assert.True(hit.Json.ContainsKey("output"));
            Assert.Null(hit.Output);
        },
        ["Q20-no-output"] = static hit =>
        {
            Assert.Equal("success", hit.Status);
            Assert.False(hit.Json.ContainsKey("output"));
        },
        ["Q21-output-text"] = static hit => Assert.Equal(hit.ExpectedLink, (string?)hit.Output),
        ["Q21-output-object"] = static hit =>
            Assert.Equal(hit.ExpectedLink, (string?)Assert.Single(hit.Output!.AsObject()).Value),
        ["Q22-proxy-links"] = static hit => LinksOnlyIn(hit, "proxy_links"),
        ["Q22-links"] = static hit => LinksOnlyIn(hit, "links"),
        ["Q22-future-links"] = static hit => LinksOnlyIn(hit, "future_links"),
        ["Q27-inline"] = static hit => Picture(Convert.FromBase64String(hit.Link("output"))),
        ["Q27-inline-data-uri"] = static hit =>
        {
            string[] parts = hit.Link("output").Split(',');
            Assert.Equal("data:image/png;base64", parts[0]);
            Picture(Convert.FromBase64String(parts[1]));
        },
        ["Q29-no-extension"] = static hit =>
        {
            Assert.Equal(hit.ExpectedLink, hit.Link("output") + ".png");
            LinkReturnsPicture(hit);
        },
        ["Q29-slashes"] = static hit =>
        {
            Assert.Contains("///", new Uri(hit.Link("output")).AbsolutePath, StringComparison.Ordinal);
            LinkReturnsPicture(hit);
        },
        ["Q29-query"] = static hit =>
        {
            Assert.NotEmpty(new Uri(hit.Link("output")).Query);
            LinkReturnsPicture(hit);
        },
        ["Q30-other-host"] = static hit =>
        {
            Assert.NotEqual(hit.Fixture.Host.BaseUri.Host, new Uri(hit.Link("output")).Host);
            LinkReturnsPicture(hit);
        },

        ["Q25-404"] = static hit => EmptyBody(hit, 404),
        ["Q25-403"] = static hit => EmptyBody(hit, 403),
        ["Q25-429"] = static hit =>
        {
            EmptyBody(hit, 429);
            Assert.Equal("90", hit.Response.Header("Retry-After"));
        },
        ["download-503"] = static hit => Html(hit, 503),
        ["Q26-html"] = static hit => Html(hit, 200),
        ["Q26-html-for-good"] = static hit => Html(hit, 200),
        ["Q27-base64"] = static hit =>
        {
            Assert.Equal("text/plain", hit.Response.MediaType);
            Assert.Equal(hit.Fixture.Png, Convert.FromBase64String(hit.Response.Text));
        },
        ["Q27-base64-data-uri"] = static hit =>
        {
            Assert.Equal("text/plain", hit.Response.MediaType);
            Assert.Equal($"data:image/png;base64,{Convert.ToBase64String(hit.Fixture.Png)}", hit.Response.Text);
        },
        ["Q28-text-plain"] = static hit => CompleteAs(hit, "text/plain"),
        ["Q28-octet-stream"] = static hit => CompleteAs(hit, "application/octet-stream"),
        ["Q31-cut"] = static hit =>
        {
            Cut(hit);
            Assert.Equal(hit.Fixture.Png[..hit.Response.Body.Length], hit.Response.Body);
        },
        ["Q31-chunked"] = static hit =>
        {
            Assert.True(hit.Response.IsChunked);
            Assert.Null(hit.Response.Length);
            Assert.Equal(hit.Fixture.Png, hit.Response.Body);
        },
        ["Q31-until-close"] = static hit =>
        {
            UntilClose(hit);
            Assert.Equal(hit.Fixture.Png, hit.Response.Body);
        },
        ["Q31-until-close-cut"] = static hit =>
        {
            UntilClose(hit);
            Assert.Equal(hit.Fixture.Png[..(hit.Fixture.Png.Length / 2)], hit.Response.Body);
        },
        ["endless-picture"] = Endless,
        ["Q32-range-ignored"] = static hit => CompleteAs(hit, "image/png"),
        ["Q32-wrong-range"] = static hit =>
        {
            Assert.Equal(206, hit.Response.Status);
            Assert.Equal($"bytes 50-{hit.Fixture.Png.Length - 1}/{hit.Fixture.Png.Length}", hit.Response.Header("Content-Range"));
            Assert.Equal(hit.Fixture.Png[50..], hit.Response.Body);
        },
        ["Q32-416"] = static hit =>
        {
            EmptyBody(hit, 416);
            Assert.Equal($"bytes */{hit.Fixture.Png.Length}", hit.Response.Header("Content-Range"));
        },
        ["Q33-404"] = static hit => EmptyBody(hit, 404),
        ["Q33-410"] = static hit => EmptyBody(hit, 410),
        ["redirect"] = static hit => RedirectsTo(hit, Moved(hit)),
        ["redirect-https"] = static hit => RedirectsTo(hit, new UriBuilder(Moved(hit)) { Scheme = "https" }.Uri),
        ["redirect-private"] = static hit => RedirectsTo(hit, new Uri("http://10.0.0.1/picture.png")),
        ["redirect-link-local"] = static hit => RedirectsTo(hit, new Uri("http://169.254.169.254/latest/meta-data/")),
        ["redirect-file"] = static hit => RedirectsTo(hit, new Uri("file:///etc/hostname")),
        ["redirect-loop"] = static hit => RedirectsTo(hit, new Uri(hit.Fixture.Link)),
        ["Q16-black"] = static hit => Assert.All(Colors(hit), static color => Assert.Equal(SKColors.Black, color)),
        ["Q16-near-black"] = static hit =>
        {
            SKColor[] colors = Colors(hit);
            Assert.True(colors.Distinct().Count() > 1);
            Assert.All(colors, static color => Assert.True(color.Red < 8 && color.Green < 8 && color.Blue < 8));
        },
        ["Q16-same-file"] = static hit =>
        {
            using SKBitmap picture = SKBitmap.Decode(hit.Response.Body);
            Assert.Equal((512, 512), (picture.Width, picture.Height));
        },
        ["Q17-other-size"] = static hit =>
        {
            using SKBitmap picture = SKBitmap.Decode(hit.Response.Body);
            Assert.Equal((FaultFixture.Width / 2, FaultFixture.Height / 2), (picture.Width, picture.Height));
        },
        ["png-half"] = static hit =>
        {
            Assert.Equal(hit.Response.Length, hit.Response.Body.Length);
            Assert.Equal(hit.Fixture.Png[..(hit.Fixture.Png.Length / 2)], hit.Response.Body);
        },
        ["png-huge-header"] = static hit =>
        {
            using var data = SKData.CreateCopy(hit.Response.Body);
            using SKCodec codec = SKCodec.Create(data);
            Assert.Equal((65_535, 65_535), (codec.Info.Width, codec.Info.Height));
        },
    };

    private static void Dropped(FaultResult hit)
    {
        Assert.True(hit.Response.IsClosed);
        Assert.Empty(hit.Response.Bytes);
    }

    private static void NoResponse(FaultResult hit)
    {
        Assert.False(hit.Response.IsClosed);
        Assert.Empty(hit.Response.Bytes);
    }

    private static void Endless(FaultResult hit)
    {
        Assert.Equal(200, hit.Response.Status);
        Assert.Null(hit.Response.Length);
        Assert.False(hit.Response.IsClosed);
        Assert.True(hit.Response.Body.Length > 1024 * 1024);
    }

    private static void Error(FaultResult hit, int status)
    {
        Assert.Equal(status, hit.Response.Status);
        Assert.Equal("application/json", hit.Response.MediaType);
        Assert.Equal("error", hit.Status);
        Assert.NotEmpty(hit.Message);
    }

    private static void RateLimited(FaultResult hit)
    {
        Error(hit, 429);
        Assert.Equal(90, (int)hit.Json["retry_after"]!);
    }

    private static void MessageOnlyIn(FaultResult hit, string field, JsonNode? message)
    {
        Assert.Equal(200, hit.Response.Status);
        Assert.Equal(["status", field], hit.Json.Select(static pair => pair.Key));
        Assert.NotEmpty(message!.GetValue<string>());
    }

    private static void Html(FaultResult hit, int status)
    {
        Assert.Equal(status, hit.Response.Status);
        Assert.Equal("text/html", hit.Response.MediaType);
        Assert.StartsWith("<!DOCTYPE html>", hit.Response.Text, StringComparison.Ordinal);
    }

    private static void EmptyBody(FaultResult hit, int status)
    {
        Assert.Equal(status, hit.Response.Status);
        Assert.Empty(hit.Response.Body);
    }

    private static void Cut(FaultResult hit)
    {
        Assert.Equal(200, hit.Response.Status);
        Assert.True(hit.Response.IsClosed);
        Assert.InRange(hit.Response.Body.Length, 1, hit.Response.Length!.Value - 1);
    }

    private static void UntilClose(FaultResult hit)
    {
        Assert.Equal(200, hit.Response.Status);
        Assert.True(hit.Response.IsClosed);
        Assert.False(hit.Response.IsChunked);
        Assert.Null(hit.Response.Length);
    }

    private static JsonObject Processing(FaultResult hit)
    {
        Assert.Equal(200, hit.Response.Status);
        Assert.Equal("processing", hit.Status);
        return hit.Json;
    }

    private static void LinksOnlyIn(FaultResult hit, string field)
    {
        Assert.Equal("success", hit.Status);
        Assert.Empty(hit.Output!.AsArray());
        Assert.Equal(hit.ExpectedLink, hit.Link(field));
    }

    private static void LinkReturnsPicture(FaultResult hit)
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, hit.Link("output"));
        using HttpResponseMessage response = client.Send(request);
        using var png = new MemoryStream();
        response.Content.ReadAsStream().CopyTo(png);
        Picture(png.ToArray());
    }

    private static void CompleteAs(FaultResult hit, string mediaType)
    {
        Assert.Equal(200, hit.Response.Status);
        Assert.Equal(mediaType, hit.Response.MediaType);
        Assert.Equal(hit.Fixture.Png, hit.Response.Body);
    }

    private static void RedirectsTo(FaultResult hit, Uri location)
    {
        EmptyBody(hit, 302);
        Assert.Equal(location.AbsoluteUri, hit.Response.Header("Location"));
    }

    private static void Picture(byte[] png)
    {
        using SKBitmap picture = SKBitmap.Decode(png);
        Assert.Equal((FaultFixture.Width, FaultFixture.Height), (picture.Width, picture.Height));
    }

    private static SKColor[] Colors(FaultResult hit)
    {
        Assert.Equal(200, hit.Response.Status);
        Assert.Equal("image/png", hit.Response.MediaType);
        Picture(hit.Response.Body);
        using SKBitmap picture = SKBitmap.Decode(hit.Response.Body);
        return picture.Pixels;
    }

    private static Uri Moved(FaultResult hit) => new(hit.Fixture.Host.BaseUri, "/moved" + new Uri(hit.Fixture.Link).AbsolutePath);
}
