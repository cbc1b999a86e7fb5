using System.Text.Json.Nodes;
using FaceGen.Emulator.Faults;
using FaceGen.Emulator.Generating;
using FaceGen.Emulator.Journaling;
using FaceGen.Emulator.Tests.Support;

namespace FaceGen.Emulator.Tests.Faults;

/// <summary>An emulator with one generation, and one call of each kind for a fault to hit.</summary>
internal sealed class FaultFixture : IAsyncDisposable
{
    /// <summary>Long enough for a byte of a response to arrive over loopback.</summary>
    private static readonly TimeSpan NoResponseTimeout = TimeSpan.FromMilliseconds(300);

    private const int EndlessReadLimit = 3 * 1024 * 1024;

    public const int Width = 96;
    public const int Height = 64;

    private readonly TestService _service;

    private readonly int _samples;

    private FaultFixture(TestService service, TestResponse generation, int samples)
    {
        _service = service;
        _samples = samples;
        Generation = generation.Id;
        Link = GetLink(Generation);
    }

    public EmulatorHost Host => _service.Host;

    public TestService Service => _service;

    /// <summary>Gets the id of the generation that is fetched and downloaded.</summary>
    public long Generation { get; }

    public string Link { get; }

    /// <summary>Gets the picture at <see cref="Link"/>.</summary>
    public byte[] Png { get; private init; } = [];

    public JournalEntry LastEntry => Host.Journal.Entries[^1];

    /// <summary>Gets the generation of the last call.</summary>
    public long LastGeneration => LastEntry.GenerationId ?? Generation;

    /// <summary>Starts the fixture.</summary>
    /// <param name="queued">Whether the generation is still queued.</param>
    /// <param name="samples">The number of images of each request.</param>
    /// <param name="time">The time; null for the system's.</param>
    public static async Task<FaultFixture> StartAsync(bool queued = false, int samples = 1, TimeProvider? time = null)
    {
        TestService service = await TestService.StartAsync(new EmulatorOptions
        {
            ServiceTime = queued ? ServiceTime.Fixed(TimeSpan.FromHours(1)) : ServiceTime.None,
            TimeProvider = time ?? TimeProvider.System,
        });
        TestResponse generation = await service.PostAsync(TestService.FaceGen, CreateSubmission(samples));
        using HttpResponseMessage picture = await service.GetAsync($"/images/{generation.Id}-0.png");
        return new FaultFixture(service, generation, samples) { Png = await picture.Content.ReadAsByteArrayAsync() };
    }

    public string GetLink(long generation) => new Uri(Host.BaseUri, $"/images/{generation}-0.png").AbsoluteUri;

    /// <summary>Makes a call and reads its response to the end.</summary>
    public async Task<RawHttpResponse> CallAsync(CallKind kind, Fault fault)
    {
        if (kind == CallKind.Download)
        {
            var link = new Uri(Link);
            string[] headers = fault.Id.StartsWith("Q32-", StringComparison.Ordinal) ? ["Range: bytes=100-"] : [];
            using RawConnection download = await RawConnection.OpenAsync(link);
            await download.GetWithoutReadingAsync(link, headers);
            return await ReadAsync(download, fault);
        }

        (string path, JsonObject body) = Request(kind);
        var address = new Uri(Host.BaseUri, path);
        using RawConnection connection = await RawConnection.OpenAsync(address);
        await connection.PostWithoutReadingAsync(address, body.ToJsonString());
        return await ReadAsync(connection, fault);
    }

    public (string Path, JsonObject Body) Request(CallKind kind)
    {
        (string path, JsonObject body) = kind switch
        {
            CallKind.Submit => (TestService.FaceGen, CreateSubmission(_samples)),
            CallKind.Fetch => ($"/api/v6/image_editing/fetch/{Generation}", new JsonObject()),
            CallKind.Upload => ("/api/v6/base64_to_url", new JsonObject { ["base64_string"] = SyntheticFace.DataUri }),
            _ => ("/api/v6/processing/request_count", new JsonObject()),
        };
        body["key"] = TestService.Key;
        return (path, body);
    }

    /// <summary>Creates the request of the fixture's generation, which each further submission repeats.</summary>
    private static JsonObject CreateSubmission(int samples) => TestService.Request(
        ("seed", 1), ("track_id", 42), ("width", Width), ("height", Height), ("samples", samples));

    public ValueTask DisposeAsync() => _service.DisposeAsync();

    private static Task<RawHttpResponse> ReadAsync(RawConnection connection, Fault fault) =>
        fault.Id.EndsWith("never-answered", StringComparison.Ordinal) ? connection.ReadAsync(NoResponseTimeout)
        : fault.Id.StartsWith("endless", StringComparison.Ordinal) ? connection.ReadAsync(maxBytes: EndlessReadLimit)
        : connection.ReadAsync();
}

/// <summary>A call that a fault has hit, and its response.</summary>
internal sealed record FaultResult(FaultFixture Fixture, CallKind Kind, RawHttpResponse Response)
{
    public JsonObject Json => Response.Json;

    public string Status => Json["status"]!.GetValue<string>();

    public string Message => Json["message"]!.GetValue<string>();

    /// <summary>Gets the link of a response without faults.</summary>
    public string ExpectedLink => Fixture.GetLink(Fixture.LastEntry.GenerationId!.Value);

    public JsonNode? Output => Json["output"];

    /// <summary>Returns the only link in an array field.</summary>
    public string Link(string field) => Assert.Single(Json[field]!.AsArray())!.GetValue<string>();
}
