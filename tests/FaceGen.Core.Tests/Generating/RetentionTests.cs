using System.Runtime.CompilerServices;
using FaceGen.Contract;
using FaceGen.Core.Tests.Support;

namespace FaceGen.Core.Tests.Generating;

/// <summary>Tests what the account keeps of a generation that a running command has emitted.</summary>
public sealed class RetentionTests : IDisposable
{
    private readonly FakeService _service = new();

    public void Dispose() => _service.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Emitted_generation_is_not_held_in_memory(bool isPolled)
    {
        WeakReference[] emitted = new WeakReference[20];
        for (int i = 0; i < emitted.Length; i++)
        {
            if (isPolled) _service.OnSubmit(ScriptedResponse.Processing($"{i + 1}")).OnFetch(ScriptedResponse.Success($"{i + 1}", new string('A', 1000)));
            else _service.OnSubmit(ScriptedResponse.Success($"{i + 1}", new string('A', 1000)));
            emitted[i] = await EmitAsync();
        }

        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();

        // The last one may still be referenced by a register or a field of this test.
        Assert.InRange(emitted.Count(one => one.IsAlive), 0, 2);
        // If the command is stopped, each is found again by its id.
        Assert.Equal(emitted.Length, _service.Pending.Count);
    }

    [Fact]
    public async Task Emitted_generation_fetched_again_is_complete()
    {
        _service.OnSubmit(ScriptedResponse.Success("9")).OnFetch(ScriptedResponse.Success("9"));
        Generation emitted = await _service.GenerateAsync().WithTimeoutAsync();
        _service.Account.MarkEmitted("9");

        Generation again = await _service.Clock.RunAsync(_service.Account.FetchAsync(_service.Connection, "9", null, default));

        Assert.Equal((GenerationStatus.Success, emitted.Prompt, 7L), (again.StatusValue, again.Prompt, again.Seed));
        Assert.Equal(emitted.Output, again.Output);
        Assert.Same(emitted.Request, again.Request);
    }

    [Fact]
    public async Task Emitted_generation_can_be_waited_for_again()
    {
        _service.OnSubmit(ScriptedResponse.Processing("9")).OnFetch(ScriptedResponse.Success("9"));
        await _service.Clock.RunAsync(_service.GenerateAsync());
        _service.Account.MarkEmitted("9");

        Generation again = await _service.Clock.RunAsync(
            _service.Generator.WaitAsync(_service.Account.GetGeneration("9"), System.Threading.Timeout.InfiniteTimeSpan, default));

        Assert.Equal(GenerationStatus.Success, again.StatusValue);
        Assert.Equal(2, _service.Fetches.Count);
    }

    [Fact]
    public async Task Emitted_generation_is_removed_when_its_command_ends()
    {
        _service.OnSubmit(ScriptedResponse.Success("9"));
        await _service.GenerateAsync().WithTimeoutAsync();
        _service.Account.MarkEmitted("9");

        _service.Account.MarkAcknowledged("9");

        Assert.Empty(_service.Pending);
    }

    [Fact]
    public async Task Emitted_generation_is_removed_after_last_saved_file()
    {
        _service.OnSubmit(ScriptedResponse.Json("""{"status":"success","id":9,"output":["https://cdn.example/1.png","https://cdn.example/2.png"]}"""));
        Generation generation = await _service.GenerateAsync().WithTimeoutAsync();
        _service.Account.MarkEmitted("9");

        _service.Account.BeginSaving(_service.Connection, generation);
        _service.Account.MarkSaved("9", 0);
        Assert.Equal(["9"], _service.Pending);
        _service.Account.MarkSaved("9", 1);

        Assert.Empty(_service.Pending);
    }

    [Fact]
    public async Task Emitted_generation_new_connection_does_not_poll_it()
    {
        _service.OnSubmit(ScriptedResponse.Success("9"));
        await _service.GenerateAsync().WithTimeoutAsync();
        _service.Account.MarkEmitted("9");

        _service.Account.ResumePolling(_service.Connect());
        await _service.Clock.AdvanceAsync(TimeSpan.FromHours(1));

        Assert.Empty(_service.Fetches);
    }

    [Fact]
    public async Task Emitted_generation_is_removed_at_expiry_without_a_report()
    {
        _service.OnSubmit(ScriptedResponse.Success("9"));
        await _service.GenerateAsync().WithTimeoutAsync();
        _service.Account.MarkEmitted("9");

        await _service.Clock.AdvanceAsync(TimeSpan.FromHours(Limits.LinkLifetimeHours));

        Assert.Empty(_service.Pending);
        Assert.Empty(_service.Account.UnacknowledgedOutcomes);
    }

    [Fact]
    public async Task Pending_generation_is_not_condensed()
    {
        _service.OnSubmit(ScriptedResponse.Processing("9")).OnFetch(ScriptedResponse.Processing("9"));
        await _service.GenerateAsync(wait: false).WithTimeoutAsync();

        _service.Account.MarkEmitted("9");

        Assert.Equal(1, _service.Account.Slots.InUse);
        Assert.Equal(2, _service.Account.Find("9")!.Latest.Eta);
    }

    [Fact]
    public async Task Face_image_in_memory_is_not_kept_with_an_emitted_generation()
    {
        _service.OnSubmit(ScriptedResponse.Success("9"));
        Request request = FakeService.Request() with { FaceImage = FaceImage.FromBytes(TestImages.Portrait) };
        await _service.GenerateAsync(request: request).WithTimeoutAsync();

        _service.Account.MarkEmitted("9");

        Generation kept = _service.Account.Find("9")!.Latest;
        Assert.Equal((null, request.Prompt), (kept.Request, kept.Prompt));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private async Task<WeakReference> EmitAsync()
    {
        Generation generation = await _service.Clock.RunAsync(_service.GenerateAsync());
        _service.Account.MarkEmitted(generation.Id);
        return new WeakReference(generation);
    }
}
