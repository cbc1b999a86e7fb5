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
    public async Task The_request_over_the_limit_is_refused_in_the_documented_words(int limit)
    {
        await using TestService service = await StartAsync(queueLimit: limit);
        for (int i = 0; i < limit; i++)
            Assert.Equal("processing", (await service.SubmitAsync()).Status);

        Answer refused = await service.SubmitAsync();

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
    public async Task A_finished_generation_makes_room()
    {
        await using TestService service = await StartAsync(queueLimit: 1);
        Answer first = await service.SubmitAsync();
        Assert.Equal(HttpStatusCode.TooManyRequests, (await service.SubmitAsync()).HttpStatus);

        service.Host.Clock.Advance(Minute);

        Assert.Equal("success", (await service.FetchAsync(first)).Status);
        Assert.Equal("processing", (await service.SubmitAsync()).Status);
    }

    [Theory]
    [InlineData(CallKind.Submit)]
    [InlineData(CallKind.Fetch)]
    public async Task A_generation_that_is_said_to_have_failed_makes_room(CallKind kind)
    {
        await using TestService service = await StartAsync(queueLimit: 1);
        service.Host.Faults.Add(Fault.ById("Q12-failed"), At.Kind(kind).Nth(1));
        Answer first = await service.SubmitAsync();
        Assert.Equal("failed", (kind == CallKind.Fetch ? await service.FetchAsync(first) : first).Status);

        Assert.Equal("processing", (await service.SubmitAsync()).Status);
        Assert.Equal(1, service.Host.Journal.MaxInFlight);
    }

    [Fact]
    public async Task Each_account_has_a_queue_of_its_own()
    {
        await using TestService service = await StartAsync(queueLimit: 1);
        await service.SubmitAsync();

        Answer other = await service.SubmitAsync(("key", "second"));

        Assert.Equal("processing", other.Status);
    }

    [Fact]
    public async Task Waiting_requests_are_worked_first_in_first_out()
    {
        await using TestService service = await StartAsync(queueLimit: 3, workers: 1);
        Answer[] submitted = [await service.SubmitAsync(), await service.SubmitAsync(), await service.SubmitAsync()];
        Assert.Equal([60, 120, 180], submitted.Select(static answer => answer.Body["eta"]!.GetValue<int>() / 60 * 60));

        for (int done = 1; done <= submitted.Length; done++)
        {
            service.Host.Clock.Advance(Minute);
            string[] states = await Task.WhenAll(
                submitted.Select(async answer => (await service.FetchAsync(answer)).Status));
            Assert.Equal(done, states.TakeWhile(static state => state == "success").Count());
            Assert.Equal(submitted.Length - done, states.Count(static state => state == "processing"));
        }
    }

    [Fact]
    public async Task All_that_may_be_queued_is_worked_at_once_unless_told_otherwise()
    {
        await using TestService service = await StartAsync(queueLimit: 3);
        Answer[] submitted = [await service.SubmitAsync(), await service.SubmitAsync(), await service.SubmitAsync()];

        service.Host.Clock.Advance(Minute);

        foreach (Answer answer in submitted)
            Assert.Equal("success", (await service.FetchAsync(answer)).Status);
    }

    [Fact]
    public async Task The_journal_knows_the_most_that_was_in_flight()
    {
        await using TestService service = await StartAsync(queueLimit: 3);
        await service.SubmitAsync();
        await service.SubmitAsync();
        service.Host.Clock.Advance(Minute);
        await service.SubmitAsync();

        Assert.Equal(2, service.Host.Journal.MaxInFlight);
    }

    [Fact]
    public async Task Racing_submissions_never_overfill_the_queue()
    {
        await using TestService service = await StartAsync(queueLimit: 5);

        Answer[] answers = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => service.SubmitAsync()));

        Answer[] accepted = [.. answers.Where(static answer => answer.Status == "processing")];
        Assert.Equal(5, accepted.Length);
        Assert.Equal(5, accepted.Select(static answer => answer.Id).Distinct().Count());
        Assert.Equal(5, service.Host.Journal.Accepted);
    }

    private static Task<TestService> StartAsync(int queueLimit, int? workers = null) =>
        TestService.StartAsync(new EmulatorOptions
        {
            QueueLimit = queueLimit,
            WorkerCount = workers,
            FurtherApiKeys = ["second"],
            ServiceTime = ServiceTime.Fixed(Minute),
        });
}
