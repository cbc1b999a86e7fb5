using System.Net;
using System.Text.Json.Nodes;
using FaceGen.Emulator.Faults;
using FaceGen.Emulator.Generating;
using FaceGen.Emulator.Tests.Support;

namespace FaceGen.Emulator.Tests.Generating;

public sealed class QueueTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Theory]
    [InlineData(5)]
    [InlineData(2)]
    public async Task Queue_full_is_rejected_with_documented_body(int limit)
    {
        await using TestService service = await StartAsync(queueLimit: limit);
        for (int i = 0; i < limit; i++)
            Assert.Equal("processing", (await service.SubmitAsync()).Status);

        TestResponse refused = await service.SubmitAsync();

        Assert.Equal(HttpStatusCode.TooManyRequests, refused.HttpStatus);
        Assert.True(JsonNode.DeepEquals(refused.Body, new JsonObject
        {
            ["status"] = "error",
            ["message"] = $"Rate limit exceeded. Maximum {limit} queued requests allowed.",
            ["retry_after"] = 30,
        }));
        Assert.Equal(limit, service.Host.Journal.Accepted);
    }

    [Fact]
    public async Task Queue_finished_generation_releases_a_slot()
    {
        await using TestService service = await StartAsync(queueLimit: 1);
        TestResponse first = await service.SubmitAsync();
        Assert.Equal(HttpStatusCode.TooManyRequests, (await service.SubmitAsync()).HttpStatus);

        service.Host.Clock.Advance(Minute);

        Assert.Equal("success", (await service.FetchAsync(first)).Status);
        Assert.Equal("processing", (await service.SubmitAsync()).Status);
    }

    [Theory]
    [InlineData(CallKind.Submit)]
    [InlineData(CallKind.Fetch)]
    public async Task Queue_failed_generation_releases_a_slot(CallKind kind)
    {
        await using TestService service = await StartAsync(queueLimit: 1);
        service.Host.Faults.Add(Fault.ById("Q12-failed"), FaultOn.Kind(kind).Nth(1));
        TestResponse first = await service.SubmitAsync();
        Assert.Equal("failed", (kind == CallKind.Fetch ? await service.FetchAsync(first) : first).Status);

        Assert.Equal("processing", (await service.SubmitAsync()).Status);
        Assert.Equal(1, service.Host.Journal.MaxInFlight);
    }

    [Fact]
    public async Task Queue_is_separate_for_each_account()
    {
        await using TestService service = await StartAsync(queueLimit: 1);
        await service.SubmitAsync();

        TestResponse other = await service.SubmitAsync(("key", "second"));

        Assert.Equal("processing", other.Status);
    }

    [Fact]
    public async Task Queue_with_one_worker_is_first_in_first_out()
    {
        await using TestService service = await StartAsync(queueLimit: 3, workers: 1);
        TestResponse[] submitted = [await service.SubmitAsync(), await service.SubmitAsync(), await service.SubmitAsync()];
        Assert.Equal([60, 120, 180], submitted.Select(static response => response.Body["eta"]!.GetValue<int>() / 60 * 60));

        for (int done = 1; done <= submitted.Length; done++)
        {
            service.Host.Clock.Advance(Minute);
            string[] states = await Task.WhenAll(
                submitted.Select(async response => (await service.FetchAsync(response)).Status));
            Assert.Equal(done, states.TakeWhile(static state => state == "success").Count());
            Assert.Equal(submitted.Length - done, states.Count(static state => state == "processing"));
        }
    }

    [Fact]
    public async Task Queue_default_workers_process_all_at_once()
    {
        await using TestService service = await StartAsync(queueLimit: 3);
        TestResponse[] submitted = [await service.SubmitAsync(), await service.SubmitAsync(), await service.SubmitAsync()];

        service.Host.Clock.Advance(Minute);

        foreach (TestResponse response in submitted)
            Assert.Equal("success", (await service.FetchAsync(response)).Status);
    }

    [Fact]
    public async Task Journal_max_in_flight_is_the_peak()
    {
        await using TestService service = await StartAsync(queueLimit: 3);
        await service.SubmitAsync();
        await service.SubmitAsync();
        service.Host.Clock.Advance(Minute);
        await service.SubmitAsync();

        Assert.Equal(2, service.Host.Journal.MaxInFlight);
    }

    [Fact]
    public async Task Queue_concurrent_submissions_never_exceed_limit()
    {
        await using TestService service = await StartAsync(queueLimit: 5);

        TestResponse[] responses = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => service.SubmitAsync()));

        TestResponse[] accepted = [.. responses.Where(static response => response.Status == "processing")];
        Assert.Equal(5, accepted.Length);
        Assert.Equal(5, accepted.Select(static response => response.Id).Distinct().Count());
        Assert.Equal(5, service.Host.Journal.Accepted);
    }

    private static Task<TestService> StartAsync(int queueLimit, int? workers = null) =>
        TestService.StartAsync(new EmulatorOptions
        {
            QueueLimit = queueLimit,
            WorkerCount = workers,
            AdditionalApiKeys = ["second"],
            ServiceTime = ServiceTime.Fixed(Minute),
        });
}
