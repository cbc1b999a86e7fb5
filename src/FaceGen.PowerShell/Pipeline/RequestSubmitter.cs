using FaceGen.Generating;

namespace FaceGen.PowerShell.Pipeline;

/// <summary>Submits the requests of a command, each when it has a slot in the account's queue.</summary>
internal sealed class RequestSubmitter(GenerateOptions options, bool includeUncertain, IEngineLog log, CancellationToken stopToken)
{
    private readonly object _gate = new();
    private TaskCompletionSource<bool>? _idle;
    private int _slotCount;

    /// <summary>Acquires a slot. If only other commands could release one, the wait has a timeout.</summary>
    internal async Task<Slots.Slot> AcquireSlotAsync(Generator generator, Connection connection)
    {
        Task ownRequests = WhenNoSlotIsHeld();
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(stopToken);
        Task<Slots.Slot> slotTask = generator.AcquireSlotAsync(cancellation.Token);
        if (!slotTask.IsCompleted && await Task.WhenAny(slotTask, ownRequests).ConfigureAwait(false) != slotTask)
            await WaitForOtherCommandsAsync(slotTask, cancellation, connection).ConfigureAwait(false);

        Slots.Slot slot = await slotTask.ConfigureAwait(false);
        // Counted before this task ends: the next request then asks whether this one has a slot.
        lock (_gate) _slotCount++;
        return slot;
    }

    /// <summary>Submits a request when it has its slot, and waits for the generation if the options say so.</summary>
    /// <returns>The generation, and the error of an uncertain submission that is emitted as a generation.</returns>
    internal async Task<(Generation Generation, FaceGenException? Uncertain)> GenerateAsync(
        Generator generator, Connection connection, Request request, Task<Slots.Slot> slotTask)
    {
        Slots.Slot slot = await slotTask.ConfigureAwait(false);
        try
        {
            return (await generator.GenerateAsync(request, slot, options, stopToken).ConfigureAwait(false), null);
        }
        catch (FaceGenException e) when (includeUncertain && e.Code == ErrorCode.SubmissionUncertain)
        {
            return (new Generation
            {
                Id = "",
                StatusValue = GenerationStatus.Uncertain,
                CreatedAt = connection.Services.Time.GetUtcNow(),
                Prompt = request.Prompt,
                Seed = request.Seed,
                TrackId = request.TrackId,
                Message = e.Message,
                Request = request,
                Connection = connection,
            }, e);
        }
        finally
        {
            CountRelease();
        }
    }

    private async Task WaitForOtherCommandsAsync(Task<Slots.Slot> slotTask, CancellationTokenSource cancellation, Connection connection)
    {
        using var deadline = new Deadline(connection.Services.Time, options.Timeout, stopToken);
        using CancellationTokenRegistration registration = deadline.Token.Register(cancellation.Cancel);
        int slots = Account.For(connection).Slots.EffectiveLimit;
        string all = slots == 1 ? "The only queue slot" : $"All {slots} queue slots";
        log.LogVerbose($"{all} {(slots == 1 ? "is" : "are")} in use by generations of other commands. FaceGen waits for one of them to end.");
        await deadline.EnforceAsync(slotTask, () => new FaceGenException(ErrorCode.ServiceBusy,
            $"{all} stayed in use for {options.Timeout.TotalSeconds} s. Nothing was sent. Run Get-FaceGenImage | Wait-FaceGenImage, or raise -TimeoutSec.")).ConfigureAwait(false);
    }

    private Task WhenNoSlotIsHeld()
    {
        lock (_gate) return _slotCount == 0 ? Task.CompletedTask : (_idle ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
    }

    private void CountRelease()
    {
        lock (_gate)
        {
            if (--_slotCount > 0) return;

            _idle?.TrySetResult(true);
            _idle = null;
        }
    }
}
