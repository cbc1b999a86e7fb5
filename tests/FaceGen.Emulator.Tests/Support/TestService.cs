using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using FaceGen.Tests.Shared;
using SkiaSharp;

namespace FaceGen.Emulator.Tests.Support;

/// <summary>An emulator on a free port and its client.</summary>
internal sealed class TestService : IAsyncDisposable
{
    public const string Key = "emulator-key";
    public const string FaceGen = "/api/v6/image_editing/face_gen";

    private readonly HttpClient _client;

    private TestService(EmulatorHost host)
    {
        Host = host;
        _client = new HttpClient { BaseAddress = host.BaseUri };
    }

    public EmulatorHost Host { get; }

    public static async Task<TestService> StartAsync(EmulatorOptions? options = null) =>
        new(await EmulatorHost.StartAsync(options ?? new EmulatorOptions(), CancellationToken.None));

    /// <summary>Returns a valid request with additional fields.</summary>
    public static JsonObject Request(params (string Name, JsonNode? Value)[] fields)
    {
        var request = new JsonObject { ["prompt"] = "a pilot", ["face_image"] = SyntheticFace.DataUri };
        foreach ((string name, JsonNode? value) in fields)
            request[name] = value;
        return request;
    }

    /// <summary>Posts a body; adds the valid key unless the body has one.</summary>
    public async Task<TestResponse> PostAsync(string path, JsonObject? body = null)
    {
        body ??= [];
        if (!body.ContainsKey("key"))
            body["key"] = Key;
        return await SendAsync(path, JsonContent.Create(body));
    }

    /// <summary>Posts a body. Without faults, the response must match the contract.</summary>
    public async Task<TestResponse> SendAsync(string path, HttpContent content)
    {
        using HttpResponseMessage response = await _client.PostAsync(new Uri(path, UriKind.Relative), content);
        string text = await response.Content.ReadAsStringAsync();
        if (Host.Journal.Entries.All(static entry => entry.Fault is null))
            ContractSchema.AssertResponse(new Uri(Host.BaseUri, path).AbsolutePath, text);
        return new TestResponse(response.StatusCode, JsonNode.Parse(text)!.AsObject())
        {
            Warnings = [.. response.Headers.TryGetValues("X-Emulator-Warning", out IEnumerable<string>? warnings) ? warnings : []],
        };
    }

    public Task<TestResponse> SubmitAsync(params (string Name, JsonNode? Value)[] fields) =>
        PostAsync(FaceGen, Request(fields));

    public Task<TestResponse> FetchAsync(TestResponse submitted, string key = Key) =>
        PostAsync($"/api/v6/image_editing/fetch/{submitted.Id}", new JsonObject { ["key"] = key });

    public Task<HttpResponseMessage> GetAsync(string link) =>
        _client.GetAsync(new Uri(link, UriKind.RelativeOrAbsolute));

    public async Task<HttpStatusCode> GetStatusAsync(string link)
    {
        using HttpResponseMessage response = await GetAsync(link);
        return response.StatusCode;
    }

    /// <summary>Submits a request and downloads the first image.</summary>
    public async Task<byte[]> DrawAsync(params (string Name, JsonNode? Value)[] fields)
    {
        TestResponse response = await SubmitAsync(fields);
        return await _client.GetByteArrayAsync(new Uri(response.Output[0]));
    }

    /// <inheritdoc cref="DrawAsync"/>
    public async Task<SKBitmap> DrawBitmapAsync(params (string Name, JsonNode? Value)[] fields) =>
        SKBitmap.Decode(await DrawAsync(fields));

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await Host.DisposeAsync();
    }
}

/// <summary>A response of the emulator.</summary>
internal sealed record TestResponse(HttpStatusCode HttpStatus, JsonObject Body)
{
    /// <summary>Gets the warnings in the headers.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    public string Status => Body["status"]!.GetValue<string>();

    public long Id => Body["id"]!.GetValue<long>();

    public string Message => Body["message"]!.GetValue<string>();

    public IReadOnlyList<string> Output => Links("output");

    public JsonObject Meta => Body["meta"]!.AsObject();

    public IReadOnlyList<string> Links(string field) =>
        [.. Body[field]!.AsArray().Select(static link => link!.GetValue<string>())];
}
