using FaceGen.Emulator.Faults;
using FaceGen.Emulator.Journaling;
using FaceGen.Emulator.Tests.Support;

namespace FaceGen.Emulator.Tests.Faults;

public sealed class CatalogueTests
{
    /// <summary>The faults of calls that the emulator answers; those that it makes itself are looked at where it makes them.</summary>
    private static IEnumerable<Fault> Answered => Fault.All.Where(static fault => !fault.Kinds.Contains(CallKind.Webhook));

    public static TheoryData<string, CallKind> EveryFaultOnEveryKind
    {
        get
        {
            var data = new TheoryData<string, CallKind>();
            foreach (Fault fault in Answered)
            {
                foreach (CallKind kind in fault.Kinds)
                    data.Add(fault.Id, kind);
            }

            return data;
        }
    }

    [Fact]
    public void Every_fault_has_a_case_and_every_case_a_fault() =>
        Assert.Equal(Answered.Select(static fault => fault.Id).Order(), FaultCases.All.Keys.Order());

    [Fact]
    public void Every_row_of_what_is_seen_has_a_fault()
    {
        const int LastRow = 34;
        HashSet<string> rows = [.. Fault.All.Select(static fault => fault.Id.Split('-')[0])];

        Assert.All(Enumerable.Range(1, LastRow), number => Assert.Contains($"Q{number}", rows));
    }

    [Theory]
    [MemberData(nameof(EveryFaultOnEveryKind))]
    public async Task It_shows_is_noted_and_leaves_the_counts_right(string id, CallKind kind)
    {
        Fault fault = Fault.ById(id);
        bool accepts = kind == CallKind.Submit && fault.AcceptsSubmission == true;
        bool queued = kind == CallKind.Fetch && FaultCases.ShownInQueue.Contains(id);
        await using FaultScene scene = await FaultScene.OpenAsync(queued);
        scene.Host.Faults.Add(new FaultRule(fault, At.Kind(kind).Nth(1)) { Wait = FaultCases.Wait });
        int accepted = scene.Host.Journal.Accepted;

        RawAnswer answer = await scene.CallAsync(kind, fault);

        JournalEntry entry = scene.LastEntry;
        Assert.Equal(id, entry.Fault);
        Assert.Equal(answer.Status, entry.Status);
        Assert.Equal(accepts ? accepted + 1 : accepted, scene.Host.Journal.Accepted);
        FaultCases.All[id](new Hit(scene, kind, answer));

        if (accepts)
            await AssertCanBeFetchedAsync(scene, entry.GenerationId!.Value);
        if (fault.IsTransient)
            await AssertIsOverAsync(scene, kind, fault);
    }

    public static TheoryData<string, CallKind> WhatSticks
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
    [MemberData(nameof(WhatSticks))]
    public async Task What_is_for_good_stays_with_what_it_hit_and_with_nothing_else(string id, CallKind kind)
    {
        Fault fault = Fault.ById(id);
        await using FaultScene scene = await FaultScene.OpenAsync();
        scene.Host.Faults.Add(fault, At.Kind(kind).Nth(1));

        for (int call = 0; call < 3; call++)
        {
            await scene.CallAsync(kind, fault);
            Assert.Equal(id, scene.LastEntry.Fault);
        }

        Answer other = await scene.Service.SubmitAsync();
        await scene.Service.FetchAsync(other);
        Assert.Null(scene.LastEntry.Fault);
        await scene.Service.GetStatusAsync(other.Output[0]);
        Assert.Null(scene.LastEntry.Fault);
    }

    [Fact]
    public void Chance_draws_nothing_that_lasts()
    {
        FaultRule any = FaultRule.AnyTransient(At.Any);

        Assert.DoesNotContain(any.Faults, static fault => !fault.IsTransient);
        Assert.Equal(Fault.All.Count(static fault => fault.IsTransient), any.Faults.Count);
        Assert.DoesNotContain(any.Faults, static fault => fault.Id.Contains("never-answered", StringComparison.Ordinal));
    }

    [Fact]
    public void An_unknown_fault_is_told() =>
        Assert.Contains("'Q99'", Assert.Throws<ArgumentException>(() => Fault.ById("Q99")).Message, StringComparison.Ordinal);

    private static async Task AssertCanBeFetchedAsync(FaultScene scene, long generation)
    {
        Answer fetched = await scene.Service.PostAsync($"/api/v6/image_editing/fetch/{generation}");

        Assert.Equal("success", fetched.Status);
        Assert.Equal(System.Net.HttpStatusCode.OK, await scene.Service.GetStatusAsync(fetched.Output[0]));
    }

    private static async Task AssertIsOverAsync(FaultScene scene, CallKind kind, Fault fault)
    {
        RawAnswer again = await scene.CallAsync(kind, fault);

        Assert.Null(scene.LastEntry.Fault);
        Assert.InRange(again.Status, 200, 206);
        if (kind == CallKind.Download)
            Assert.EndsWith(Convert.ToHexString(again.Body), Convert.ToHexString(scene.Png), StringComparison.Ordinal);
    }
}
