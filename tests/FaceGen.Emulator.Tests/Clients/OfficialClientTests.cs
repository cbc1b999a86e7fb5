using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using FaceGen.Emulator.Generating;
using FaceGen.Emulator.Tests.Support;
using FaceGen.Tests.Shared;

namespace FaceGen.Emulator.Tests.Clients;

/// <summary>
/// Tests the requests of the official clients of other languages, as they were recorded, and of the published examples. Each client
/// submits by its own method and fetches by its own loop until the status is <c>success</c>.
/// </summary>
public sealed class OfficialClientTests
{
    private const string Face = "https://example.org/face.jpg";
    private const string Fetch = "/api/v6/image_editing/fetch/";

    /// <summary>JavaScript 1.4.0: <c>facegen(schema)</c> sends what the caller gives, the key included, and a Bearer header.</summary>
    private static readonly RecordedCall JavaScript = new(
        TestService.FaceGen,
        $$"""{"key":"{{TestService.Key}}","prompt":"a pilot","face_image":"{{Face}}","width":512,"height":512,"num_inference_steps":21,"guidance_scale":7.5,"s_scale":1,"samples":1,"safety_checker":true,"safety_checker_type":"black","base64":false,"style":"realistic"}""",
        ("Authorization", $"Bearer {TestService.Key}"), ("User-Agent", "node"));

    /// <summary>Python 0.2.3: <c>facegen(schema)</c> adds the key and sends the schema's defaults, without nulls.</summary>
    private static readonly RecordedCall Python = new(
        TestService.FaceGen,
        $$"""{"key": "{{TestService.Key}}", "prompt": "a pilot", "face_image": "{{Face}}", "width": 512, "height": 512, "num_inference_steps": 21, "guidance_scale": 7.5, "s_scale": 1.0, "samples": 1, "safety_checker": true, "safety_checker_type": "black", "base64": false, "style": "realistic"}""",
        ("X-Requested-With", "modelslab-py"), ("User-Agent", "python-requests/2.34.2"));

    /// <summary>Go: <c>FaceGen(ctx, req)</c> sends the fields in the order of their names.</summary>
    private static readonly RecordedCall Go = new(
        TestService.FaceGen,
        $$"""{"base64":false,"face_image":"{{Face}}","guidance_scale":7.5,"height":512,"key":"{{TestService.Key}}","num_inference_steps":21,"prompt":"a pilot","s_scale":1,"samples":1,"style":"realistic","track_id":"order_12345","width":512}""",
        ("User-Agent", "Go-http-client/1.1"));

    /// <summary>The example of the reference.</summary>
    private static readonly RecordedCall Reference = new(
        TestService.FaceGen,
        $$"""{"key":"{{TestService.Key}}","prompt":"pretty woman","negative_prompt":"blurry","face_image":"{{Face}}","width":"512","height":"512","samples":"1","num_inference_steps":"21","safety_checker":false,"base64":false,"seed":null,"guidance_scale":7.5,"webhook":null,"track_id":null}""");

    /// <summary>The example of the enterprise pages.</summary>
    private static readonly RecordedCall Enterprise = new(
        "/api/v1/enterprise/face_gen/make_gen",
        $$"""{"key":"{{TestService.Key}}","prompt":"pretty woman","negative_prompt":"blurry","face_image":"{{Face}}","width":"512","height":"512","samples":"1","num_inference_steps":"21","safety_checker":false,"s_scale":1.0,"seed":1234,"safety_checker_type":"blur","base64":false,"guidance_scale":7.5,"webhook":"null","track_id":null}""");

    private static readonly Dictionary<string, (RecordedCall Call, string FetchPath, int Warnings)> Calls = new()
    {
        ["JavaScript"] = (JavaScript, Fetch, 0),
        ["Python"] = (Python, Fetch, 0),
        ["Go"] = (Go, Fetch, 1),
        ["Reference"] = (Reference, Fetch, 4),
        ["Enterprise"] = (Enterprise, "/api/v1/enterprise/face_gen/fetch/", 5),
    };

    public static TheoryData<string> Names => [.. Calls.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Recorded_client_completes_a_generation(string name)
    {
        (RecordedCall call, string fetchPath, int warnings) = Calls[name];
        await using TestService service = await TestService.StartAsync(new EmulatorOptions { ServiceTime = ServiceTime.Fixed(TimeSpan.FromSeconds(5)) });

        JsonNode submitted = await SendAsync(service, call, HttpStatusCode.OK);
        RecordedCall fetch = call with { Path = $"{fetchPath}{submitted["id"]}", Body = $$"""{"key":"{{TestService.Key}}"}""" };
        JsonNode early = await SendAsync(service, fetch, HttpStatusCode.OK);
        service.Host.Clock.Advance(TimeSpan.FromSeconds(5));
        JsonNode late = await SendAsync(service, fetch, HttpStatusCode.OK);

        Assert.Equal(("processing", "processing", "success"), ((string?)submitted["status"], (string?)early["status"], (string?)late["status"]));
        Assert.Equal(HttpStatusCode.OK, await service.GetStatusAsync((string)late["output"]![0]!));
        // Beside the warning about the face image of another machine.
        Assert.Equal(warnings + 1, service.Host.Journal.Entries[0].Warnings.Count);
    }

    /// <summary>The defaults of the JavaScript and Python clients are outside the contract: 20 steps, and 7.5 for the face structure.</summary>
    [Fact]
    public async Task Recorded_defaults_outside_the_contract_are_refused()
    {
        await using TestService service = await TestService.StartAsync();
        RecordedCall call = Python with
        {
            Body = Python.Body.Replace("\"num_inference_steps\": 21", "\"num_inference_steps\": 20", StringComparison.Ordinal)
                .Replace("\"s_scale\": 1.0", "\"s_scale\": 7.5", StringComparison.Ordinal),
        };

        JsonNode response = await SendAsync(service, call, HttpStatusCode.BadRequest);

        Assert.Equal("num_inference_steps must be one of: 21, 31, 41, s_scale must be between 0 and 2", (string?)response["message"]);
    }

    /// <summary>
    /// The PHP client posts to <c>facegen</c>, which is not a path of the API, and its schema has neither prompt nor face image.
    /// </summary>
    [Fact]
    public async Task Recorded_php_call_has_no_such_path()
    {
        await using TestService service = await TestService.StartAsync();
        var php = new RecordedCall(
            "/api/v6/image_editing/facegen",
            $$"""{"key":"{{TestService.Key}}","image":"{{Face}}","base64":false}""",
            ("User-Agent", "ModelsLab-PHP-SDK/1.0.0"));
        using var client = new HttpClient { BaseAddress = service.Host.BaseUri };
        using HttpRequestMessage request = php.CreateRequest();

        using HttpResponseMessage response = await client.SendAsync(request);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    private static async Task<JsonNode> SendAsync(TestService service, RecordedCall call, HttpStatusCode expected)
    {
        using var client = new HttpClient { BaseAddress = service.Host.BaseUri };
        using HttpRequestMessage request = call.CreateRequest();
        using HttpResponseMessage response = await client.SendAsync(request);
        string body = await response.Content.ReadAsStringAsync();
        Assert.Equal(expected, response.StatusCode);
        ContractSchema.AssertResponse(call.Path, body);
        return JsonNode.Parse(body)!;
    }

    /// <summary>A POST of a client with its body as sent.</summary>
    private sealed record RecordedCall(string Path, string Body, params IReadOnlyList<(string Name, string Value)> Headers)
    {
        internal HttpRequestMessage CreateRequest()
        {
            var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Path, UriKind.Relative))
            {
                Content = new StringContent(Body, Encoding.UTF8, new MediaTypeHeaderValue("application/json")),
            };
            foreach ((string name, string value) in Headers)
                Assert.True(request.Headers.TryAddWithoutValidation(name, value));
            return request;
        }
    }
}
