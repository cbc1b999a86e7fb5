using FaceGen.Generating;

namespace FaceGen.PowerShell.Pipeline;

/// <summary>What a request needs before it is submitted.</summary>
/// <param name="Face">The value of its face image.</param>
/// <param name="Throttle">Its slot of the command.</param>
/// <param name="Slot">Its slot in the account's queue.</param>
internal sealed record PreparedRequest(FaceImageValue Face, Slots.Slot Throttle, Slots.Slot Slot);

/// <summary>Submits the requests of a command in their order, each when its face image is uploaded and it has a slot in the account's queue.</summary>
internal sealed class RequestSubmitter(GenerateOptions options, int throttleLimit, bool includeUncertain, IEngineLog log, CancellationToken stopToken)
{
    private readonly object _gate = new();
    private readonly Slots _throttle = new(throttleLimit);
    private Task _lastPrepared = Task.CompletedTask;
    private TaskCompletionSource<bool>? _idle;
    private int _slotCount;

    /// <summary>
    /// Uploads a request's face image, and acquires its slots after all earlier requests have theirs. The upload begins at once. It is
    /// called from one thread.
    /// </summary>
    internal Task<PreparedRequest> PrepareAsync(Generator generator, Connection connection, Request request)
    {
        Task<PreparedRequest> prepared = PrepareAsync(generator, connection, request, _lastPrepared);
        _lastPrepared = prepared;
        return prepared;
    }

    /// <summary>Submits a request when it is prepared, and waits for the generation if the options say so.</summary>
    /// <returns>The generation, and the error of an uncertain submission that is emitted as a generation.</returns>
    internal async Task<(Generation Generation, FaceGenException? Uncertain)> GenerateAsync(
        Generator generator, Connection connection, Request request, Task<PreparedRequest> preparing)
    {
        PreparedRequest prepared = await preparing.ConfigureAwait(false);
        try
        {
            return (await generator.GenerateAsync(request, prepared.Face, prepared.Slot, options, stopToken).ConfigureAwait(false), null);
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
            prepared.Throttle.Release();
        }
    }

    private async Task<PreparedRequest> PrepareAsync(Generator generator, Connection connection, Request request, Task previous)
    {
        // A file may be on a slow share: the pipeline's thread does not read it.
        Task<FaceImageValue> getting = request.FaceImage.Link is null
            ? Task.Run(() => generator.GetFaceAsync(request, options, stopToken), stopToken)
            : generator.GetFaceAsync(request, options, stopToken);
        await Task.WhenAny(previous).ConfigureAwait(false);
        FaceImageValue face = await getting.ConfigureAwait(false);
        Slots.Slot throttle = await _throttle.AcquireAsync(stopToken).ConfigureAwait(false);
        try
        {
            return new PreparedRequest(face, throttle, await AcquireSlotAsync(generator, connection).ConfigureAwait(false));
        }
        catch
        {
            throttle.Release();
            throw;
        }
    }

    /// <summary>Acquires a slot. If only other commands could release one, the wait has a timeout.</summary>
    private async Task<Slots.Slot> AcquireSlotAsync(Generator generator, Connection connection)
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
