using System.Globalization;
using FaceGen.Emulator.Faults;
using FaceGen.Emulator.Generating;
using FaceGen.Emulator.Tests.Support;

namespace FaceGen.Emulator.Tests.Faults;

public sealed class FaultSelectionTests
{
    private static readonly Fault Error = Fault.ById("Q1-error");
    private static readonly Fault Unavailable = Fault.ById("unavailable");

    [Fact]
    public async Task Nth_counts_from_adding_the_rule()
    {
        await using TestService service = await TestService.StartAsync();
        await service.SubmitAsync();
        service.Host.Faults.Add(Error, FaultOn.Submit.Nth(2));

        Assert.Equal(["success", "error", "success", "success"], await SubmitAsync(service, "a", "b", "c", "d"));
    }

    [Fact]
    public async Task Nth_counts_each_kind_separately()
    {
        await using TestService service = await TestService.StartAsync();
        service.Host.Faults.Add(Unavailable, FaultOn.Any.Nth(2));

        TestResponse submitted = await service.SubmitAsync();
        Assert.Equal("success", (await service.FetchAsync(submitted)).Status);
        Assert.Equal("error", (await service.FetchAsync(submitted)).Status);
        Assert.Equal("error", (await service.SubmitAsync()).Status);
        Assert.Equal("success", (await service.PostAsync("/api/wallet_balance")).Status);
    }

    [Fact]
    public async Task Prompt_condition_ignores_case_and_position()
    {
        await using TestService service = await TestService.StartAsync();
        service.Host.Faults.Add(Error, FaultOn.Submit.WithPrompt("PILOT"));

        Assert.Equal(["error", "success", "error"], await SubmitAsync(service, "a pilot", "a cook", "Pilots, many"));
    }

    [Fact]
    public async Task Prompt_condition_applies_to_fetch_and_download()
    {
        await using TestService service = await TestService.StartAsync();
        service.Host.Faults.Add(Fault.ById("Q33-410"), FaultOn.Download.WithPrompt("pilot"));
        service.Host.Faults.Add(Fault.ById("Q24-500"), FaultOn.Fetch.WithPrompt("cook"));

        TestResponse pilot = await service.SubmitAsync(("prompt", "a pilot"));
        TestResponse cook = await service.SubmitAsync(("prompt", "a cook"));

        Assert.Equal("success", (await service.FetchAsync(pilot)).Status);
        Assert.Equal("error", (await service.FetchAsync(cook)).Status);
        Assert.Equal(410, (int)await service.GetStatusAsync(pilot.Output[0]));
        Assert.Equal(200, (int)await service.GetStatusAsync(cook.Output[0]));
    }

    [Fact]
    public async Task First_counts_each_subject_separately()
    {
        await using TestService service = await TestService.StartAsync();
        service.Host.Faults.Add(Fault.ById("Q25-404"), FaultOn.Download.First(2));

        TestResponse submitted = await service.SubmitAsync(("samples", 2));

        foreach (string link in submitted.Output)
        {
            int[] statuses = await GetAsync(service, link, link, link, link);
            Assert.Equal([404, 404, 200, 200], statuses);
        }
    }

    [Fact]
    public async Task First_ignores_calls_that_cannot_show_the_fault()
    {
        await using TestService service = await TestService.StartAsync(
            new EmulatorOptions { ServiceTime = ServiceTime.Fixed(TimeSpan.FromMinutes(1)) });
        service.Host.Faults.Add(Fault.ById("Q20-empty-output"), FaultOn.Fetch.First(2).Times(2));
        TestResponse submitted = await service.SubmitAsync();

        Assert.Equal("processing", (await service.FetchAsync(submitted)).Status);
        Assert.Null(service.Host.Journal.Entries[^1].Fault);
        service.Host.Clock.Advance(TimeSpan.FromMinutes(1));

        Assert.Empty((await service.FetchAsync(submitted)).Output);
        Assert.Empty((await service.FetchAsync(submitted)).Output);
        Assert.Single((await service.FetchAsync(submitted)).Output);
    }

    [Fact]
    public async Task Times_limits_the_hits()
    {
        await using TestService service = await TestService.StartAsync();
        service.Host.Faults.Add(Error, FaultOn.Submit.Times(2));

        Assert.Equal(["error", "error", "success"], await SubmitAsync(service, "a", "b", "c"));
    }

    [Fact]
    public async Task Rules_first_match_wins_and_all_count()
    {
        await using TestService service = await TestService.StartAsync();
        service.Host.Faults.Add(Fault.ById("Q3-code"), FaultOn.Submit.Nth(1));
        service.Host.Faults.Add(Error, FaultOn.Submit.First(1));
        service.Host.Faults.Add(Fault.ById("Q2-message-object"), FaultOn.Submit.Nth(2));

        await SubmitAsync(service, "a", "b", "c");

        Assert.Equal(["Q3-code", "Q1-error", "Q1-error"], service.Host.Journal.Entries.Select(static entry => entry.Fault));
    }

    [Fact]
    public async Task Rejected_submission_has_no_fault_after_handling()
    {
        await using TestService service = await TestService.StartAsync();
        service.Host.Faults.Add(Fault.ById("accepted-then-500"), FaultOn.Submit.Times(1));

        Assert.Equal(400, (int)(await service.SubmitAsync(("width", 9000))).HttpStatus);
        Assert.Null(service.Host.Journal.Entries[^1].Fault);
        Assert.Equal(500, (int)(await service.SubmitAsync()).HttpStatus);
        Assert.Equal(1, service.Host.Journal.Accepted);
    }

    [Fact]
    public async Task Wrong_key_with_faults_is_never_accepted()
    {
        await using TestService service = await TestService.StartAsync();
        service.Host.Faults.Add(Fault.ById("accepted-then-500"), FaultOn.Submit);
        service.Host.Faults.Add(Fault.ById("Q7-no-output"), FaultOn.Submit);

        Assert.Equal(401, (int)(await service.SubmitAsync(("key", "wrong"))).HttpStatus);
        Assert.Equal(0, service.Host.Journal.Accepted);
    }

    [Fact]
    public async Task Rate_hits_about_its_share()
    {
        await using TestService service = await TestService.StartAsync();
        service.Host.Faults.Add(Error, FaultOn.Submit.AtRate(0.3, seed: 7));

        string[] states = await SubmitAsync(service, [.. Enumerable.Range(0, 300).Select(Prompt)]);

        Assert.InRange(states.Count(static state => state == "error"), 65, 115);
    }

    [Theory]
    [InlineData("any@submit:rate=0.4,seed=7")]
    [InlineData("Q1-error|Q3-code|unavailable@submit:rate=0.4,seed=7")]
    public async Task Rate_depends_on_seed_and_prompt_not_on_call_order(string rule)
    {
        string[] prompts = [.. Enumerable.Range(0, 60).Select(Prompt)];

        Dictionary<string, string?> forwards = await FaultsByPromptAsync(rule, prompts);
        Dictionary<string, string?> backwards = await FaultsByPromptAsync(rule, [.. prompts.Reverse()]);
        Dictionary<string, string?> otherSeed = await FaultsByPromptAsync(
            rule.Replace("seed=7", "seed=8", StringComparison.Ordinal), prompts);

        Assert.Equal(forwards, backwards);
        Assert.NotEqual(forwards, otherSeed);
        Assert.Contains(forwards.Values, static fault => fault is null);
    }

    [Fact]
    public async Task Rate_without_seed_uses_the_emulators_seed()
    {
        string[] prompts = [.. Enumerable.Range(0, 40).Select(Prompt)];

        Dictionary<string, string?> ofEmulator = await FaultsByPromptAsync("Q1-error@submit:rate=0.5", prompts, seed: 3);
        Dictionary<string, string?> ofOther = await FaultsByPromptAsync("Q1-error@submit:rate=0.5", prompts, seed: 4);

        Assert.Equal(ofEmulator, await FaultsByPromptAsync("Q1-error@submit:rate=0.5", prompts, seed: 3));
        Assert.NotEqual(ofEmulator, ofOther);
    }

    [Fact]
    public async Task Reset_restarts_counts_and_keeps_rules()
    {
        await using TestService service = await TestService.StartAsync(
            new EmulatorOptions { Faults = [new FaultRule(Error, FaultOn.Submit.Nth(1))] });
        Assert.Equal(["error", "success"], await SubmitAsync(service, "a", "b"));

        service.Host.Reset();

        Assert.Equal(["error", "success"], await SubmitAsync(service, "a", "b"));
    }

    [Fact]
    public async Task Clear_removes_every_fault()
    {
        await using TestService service = await TestService.StartAsync();
        service.Host.Faults.Add(Error, FaultOn.Submit);
        Assert.Single(service.Host.Faults.Rules);

        service.Host.Faults.Clear();

        Assert.Empty(service.Host.Faults.Rules);
        Assert.Equal("success", (await service.SubmitAsync()).Status);
    }

    private static string Prompt(int number) => string.Create(CultureInfo.InvariantCulture, $"prompt {number}");

    private static async Task<string[]> SubmitAsync(TestService service, params string[] prompts)
    {
        var states = new List<string>();
        foreach (string prompt in prompts)
            states.Add((await service.SubmitAsync(("prompt", prompt))).Status);
        return [.. states];
    }

    private static async Task<int[]> GetAsync(TestService service, params string[] links)
    {
        var statuses = new List<int>();
        foreach (string link in links)
            statuses.Add((int)await service.GetStatusAsync(link));
        return [.. statuses];
    }

    private static async Task<Dictionary<string, string?>> FaultsByPromptAsync(string rule, string[] prompts, int seed = 0)
    {
        await using TestService service = await TestService.StartAsync(
            new EmulatorOptions { Seed = seed, Faults = [FaultRule.Parse(rule)] });
        var address = new Uri(service.Host.BaseUri, TestService.FaceGen);
        var faults = new Dictionary<string, string?>();
        foreach (string prompt in prompts)
        {
            await RawConnection.PostAsync(
                address, TestService.Request(("key", TestService.Key), ("prompt", prompt)).ToJsonString());
            faults[prompt] = service.Host.Journal.Entries[^1].Fault;
        }

        return faults;
    }
}
