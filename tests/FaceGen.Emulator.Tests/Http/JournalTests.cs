using System.Text.Json.Nodes;
using FaceGen.Emulator.Generating;
using FaceGen.Emulator.Journaling;
using FaceGen.Emulator.Tests.Support;

namespace FaceGen.Emulator.Tests.Http;

public sealed class JournalTests
{
    [Fact]
    public async Task Entries_exist_before_the_response()
    {
        await using TestService service = await TestService.StartAsync();

        TestResponse submitted = await service.SubmitAsync();
        await service.FetchAsync(submitted);
        await service.GetStatusAsync(submitted.Output[0]);
        await service.SubmitAsync(("key", "wrong"));

        IReadOnlyList<JournalEntry> entries = service.Host.Journal.Entries;
        Assert.Equal([1, 2, 3, 4], entries.Select(static entry => entry.Sequence));
        Assert.Equal(["POST", "POST", "GET", "POST"], entries.Select(static entry => entry.Method));
        Assert.Equal([200, 200, 200, 401], entries.Select(static entry => entry.Status));
        Assert.Equal([submitted.Id, submitted.Id, submitted.Id, null], entries.Select(static entry => entry.GenerationId));
        Assert.Equal(TestService.FaceGen, entries[0].Path);
    }

    [Fact]
    public async Task Body_has_neither_key_nor_image()
    {
        await using TestService service = await TestService.StartAsync();

        await service.SubmitAsync(("width", 64));

        string body = Assert.Single(service.Host.Journal.Entries).Body!;
        Assert.DoesNotContain(TestService.Key, body, StringComparison.Ordinal);
        Assert.InRange(body.Length, 1, 500);
        Assert.Equal(64, JsonNode.Parse(body)!["width"]!.GetValue<int>());
    }

    [Fact]
    public async Task Entries_have_the_service_time()
    {
        await using TestService service = await TestService.StartAsync(
            new EmulatorOptions { ServiceTime = ServiceTime.Parse("fixed:90") });

        TestResponse submitted = await service.SubmitAsync();
        await service.FetchAsync(submitted);

        Assert.All(service.Host.Journal.Entries, static entry => Assert.Equal(TimeSpan.FromSeconds(90), entry.ServiceTime));
    }

    [Fact]
    public async Task Bytes_received_are_counted()
    {
        await using TestService service = await TestService.StartAsync();

        await service.PostAsync("/api/v6/base64_to_url", new JsonObject { ["base64_string"] = SyntheticFace.DataUri });
        await service.SubmitAsync();

        Journal journal = service.Host.Journal;
        // A plus sign may be escaped.
        Assert.InRange(journal.Entries[0].BytesReceived, SyntheticFace.DataUri.Length, SyntheticFace.DataUri.Length * 1.1);
        Assert.Equal(journal.Entries.Sum(static entry => entry.BytesReceived), journal.BytesReceived);
        service.Host.Reset();
        Assert.Equal(0, service.Host.Journal.BytesReceived);
    }

    [Fact]
    public async Task Accepted_are_counted_by_prompt_and_by_request()
    {
        await using TestService service = await TestService.StartAsync();
        await service.SubmitAsync(("prompt", "a"), ("seed", 1));
        await service.SubmitAsync(("seed", 1), ("prompt", "a"), ("track_id", 5));
        await service.SubmitAsync(("prompt", "a"), ("seed", 2));
        await service.SubmitAsync(("prompt", "b"));
        await service.SubmitAsync(("prompt", "b"), ("width", 900));

        Journal journal = service.Host.Journal;
        Assert.Equal(4, journal.Accepted);
        Assert.Equal(new Dictionary<string, int> { ["a"] = 3, ["b"] = 1 }, journal.AcceptedByPrompt);
        Assert.Equal([1, 1, 2], journal.AcceptedByRequest.Values.Order());
    }

    [Fact]
    public async Task Max_in_flight_caller_within_limit_stays_within()
    {
        await using TestService service = await TestService.StartAsync();
        using var slots = new SemaphoreSlim(3);

        await Task.WhenAll(Enumerable.Range(0, 60).Select(async _ =>
        {
            await slots.WaitAsync();
            await service.SubmitAsync();
            slots.Release();
        }));

        Assert.InRange(service.Host.Journal.MaxInFlight, 1, 3);
        Assert.Equal(60, service.Host.Journal.Accepted);
    }

    [Fact]
    public async Task Warnings_are_reported_once_each()
    {
        var warnings = new List<string>();
        await using TestService service = await TestService.StartAsync(new EmulatorOptions { OnWarning = warnings.Add });

        await service.SubmitAsync(("cfg", 1));
        await service.SubmitAsync(("cfg", 2));
        await service.SubmitAsync(("webhook", "https://example.org/"));

        Assert.Equal(2, warnings.Count);
        Assert.All(service.Host.Journal.Entries, static entry => Assert.Single(entry.Warnings));
    }

    [Fact]
    public async Task Reset_clears_everything_but_the_clock()
    {
        await using TestService service = await TestService.StartAsync(new EmulatorOptions
        {
            QueueLimit = 1,
            Balance = 0.01m,
            ServiceTime = ServiceTime.Fixed(TimeSpan.FromHours(1)),
        });
        service.Host.Clock.Advance(TimeSpan.FromDays(2));
        TestResponse before = await service.SubmitAsync();

        service.Host.Reset();

        Assert.Empty(service.Host.Journal.Entries);
        Assert.Equal("error", (await service.FetchAsync(before)).Status);
        Assert.Equal("processing", (await service.SubmitAsync()).Status);
        Assert.Equal(TimeSpan.FromDays(2), service.Host.Clock.Offset);
    }
}
