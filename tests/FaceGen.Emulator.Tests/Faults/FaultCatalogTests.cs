using FaceGen.Emulator.Faults;
using FaceGen.Emulator.Journaling;
using FaceGen.Emulator.Tests.Support;

namespace FaceGen.Emulator.Tests.Faults;

public sealed class FaultCatalogTests
{
    /// <summary>The faults of calls to the emulator; those of webhook deliveries are in WebhookTests.</summary>
    private static IEnumerable<Fault> RespondedFaults => Fault.All.Where(static fault => !fault.Kinds.Contains(CallKind.Webhook));

    public static TheoryData<string, CallKind> FaultsByKind
    {
        get
        {
            var data = new TheoryData<string, CallKind>();
            foreach (Fault fault in RespondedFaults)
            {
                foreach (CallKind kind in fault.Kinds)
                    data.Add(fault.Id, kind);
            }

            return data;
        }
    }

    [Fact]
    public void Catalog_faults_equal_the_tested_cases() =>
        Assert.Equal(RespondedFaults.Select(static fault => fault.Id).Order(), FaultCases.All.Keys.Order());

    [Fact]
    public void Catalog_every_numbered_oddity_has_a_fault()
    {
        const int LastRow = 46;
        HashSet<string> rows = [.. Fault.All.Select(static fault => fault.Id.Split('-')[0])];

        Assert.All(Enumerable.Range(1, LastRow), number => Assert.Contains($"Q{number}", rows));
    }

    [Theory]
    [MemberData(nameof(FaultsByKind))]
    public async Task Fault_on_each_kind_shows_is_journaled_and_keeps_counts(string id, CallKind kind)
    {
        Fault fault = Fault.ById(id);
        bool accepts = kind == CallKind.Submit && fault.AcceptsSubmission == true;
        bool queued = kind == CallKind.Fetch && FaultCases.QueuedOnly.Contains(id);
        await using FaultFixture fixture = await FaultFixture.StartAsync(
            queued, samples: id == "Q41-fewer-images" ? 2 : 1, time: id == "Q45-pace" ? new FrozenTime() : null);
        fixture.Host.Faults.Add(new FaultRule(fault, FaultOn.Kind(kind).Nth(1)) { Wait = FaultCases.Wait });
        int accepted = fixture.Host.Journal.Accepted;

        RawHttpResponse response = await fixture.CallAsync(kind, fault);

        JournalEntry entry = fixture.LastEntry;
        Assert.Equal(id, entry.Fault);
        Assert.Equal(response.Status, entry.Status);
        Assert.Equal(accepts ? accepted + 1 : accepted, fixture.Host.Journal.Accepted);
        FaultCases.All[id](new FaultResult(fixture, kind, response));

        if (accepts && !FaultCases.DeniedFetches.Contains(id))
            await AssertCanBeFetchedAsync(fixture, entry.GenerationId!.Value);
        if (fault.IsTransient)
            await AssertHasPassedAsync(fixture, kind, fault);
    }

    public static TheoryData<string, CallKind> PermanentFaults
    {
        get
        {
            var data = new TheoryData<string, CallKind>();
            foreach (string id in (string[])["Q16-black", "Q16-near-black", "Q16-same-file", "Q17-other-size", "Q33-404",
                "Q33-410", "Q26-html-for-good", "redirect-loop", "redirect-private", "redirect-link-local", "redirect-file"])
            {
                data.Add(id, CallKind.Download);
            }

            data.Add("Q23-other-key", CallKind.Fetch);
            data.Add("Q12-failed", CallKind.Fetch);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(PermanentFaults))]
    public async Task Permanent_fault_stays_with_its_subject_only(string id, CallKind kind)
    {
        Fault fault = Fault.ById(id);
        await using FaultFixture fixture = await FaultFixture.StartAsync();
        fixture.Host.Faults.Add(fault, FaultOn.Kind(kind).Nth(1));

        for (int call = 0; call < 3; call++)
        {
            await fixture.CallAsync(kind, fault);
            Assert.Equal(id, fixture.LastEntry.Fault);
        }

        TestResponse other = await fixture.Service.SubmitAsync();
        await fixture.Service.FetchAsync(other);
        Assert.Null(fixture.LastEntry.Fault);
        await fixture.Service.GetStatusAsync(other.Output[0]);
        Assert.Null(fixture.LastEntry.Fault);
    }

    [Fact]
    public void Any_transient_contains_no_lasting_fault()
    {
        FaultRule any = FaultRule.AnyTransient(FaultOn.Any);

        Assert.DoesNotContain(any.Faults, static fault => !fault.IsTransient);
        Assert.Equal(Fault.All.Count(static fault => fault.IsTransient), any.Faults.Count);
        Assert.DoesNotContain(any.Faults, static fault => fault.Id.Contains("never-answered", StringComparison.Ordinal));
    }

    [Fact]
    public void By_id_unknown_fault_throws() =>
        Assert.Contains("'Q99'", Assert.Throws<ArgumentException>(() => Fault.ById("Q99")).Message, StringComparison.Ordinal);

    private static async Task AssertCanBeFetchedAsync(FaultFixture fixture, long generation)
    {
        TestResponse fetched = await fixture.Service.PostAsync($"/api/v6/image_editing/fetch/{generation}");

        Assert.Equal("success", fetched.Status);
        Assert.Equal(System.Net.HttpStatusCode.OK, await fixture.Service.GetStatusAsync(fetched.Output[0]));
    }

    private static async Task AssertHasPassedAsync(FaultFixture fixture, CallKind kind, Fault fault)
    {
        RawHttpResponse again = await fixture.CallAsync(kind, fault);

        Assert.Null(fixture.LastEntry.Fault);
        Assert.InRange(again.Status, 200, 206);
        if (kind == CallKind.Download)
            Assert.EndsWith(Convert.ToHexString(again.Body), Convert.ToHexString(fixture.Png), StringComparison.Ordinal);
    }

    /// <summary>A clock that stands still, so that two calls are never far apart.</summary>
    private sealed class FrozenTime : TimeProvider
    {
        private readonly DateTimeOffset _now = DateTimeOffset.UtcNow;

        public override DateTimeOffset GetUtcNow() => _now;
    }
}
