using FaceGen.Accounts;
using FaceGen.BatchModel;
using FaceGen.Generating;

namespace FaceGen.Batches.Running;

/// <summary>What keeps a run from submitting more. A brake that was put on stays on, but for a disk that was full.</summary>
internal sealed class RunLimits
{
    /// <summary>How often the wallet is looked at.</summary>
    private static readonly TimeSpan BalanceInterval = TimeSpan.FromSeconds(5);

    /// <summary>How many submissions there are between two looks at the wallet at most.</summary>
    private const int SubmissionsPerBalanceCheck = 5;

    /// <summary>What the last images may take to be downloaded.</summary>
    private static readonly TimeSpan SavingTime = TimeSpan.FromSeconds(10);

    private readonly Connection _connection;
    private readonly BatchOptions _options;
    private readonly IEngineLog _log;
    private readonly TimeProvider _time;
    private readonly long _start;
    private readonly object _gate = new();
    private long? _balanceCheckedAt;
    private int _submissions;
    private long _images;

    internal RunLimits(Connection connection, BatchOptions options, IEngineLog log)
    {
        _connection = connection;
        _options = options;
        _log = log;
        _time = connection.Services.Time;
        _start = options.StartTimestamp ?? _time.GetTimestamp();
    }

    /// <summary>Why nothing more is submitted; null while it is.</summary>
    internal string? Reason { get; private set; }

    /// <summary>What every other row would fail with too.</summary>
    internal FaceGenException? FatalError { get; private set; }

    /// <summary>How many images the run has paid for.</summary>
    internal long Images => Interlocked.Read(ref _images);

    /// <summary>How long the run has taken so far.</summary>
    internal TimeSpan Elapsed => _time.GetElapsedTime(_start);

    /// <summary>Whether another row may be submitted now.</summary>
    internal async Task<bool> CanSubmitAsync(CancellationToken cancellationToken)
    {
        if (Reason is null && _options.TimeLimit is { } limit && Elapsed + TimeToFinish(limit) >= limit)
            SetReason($"the time limit of {limit} would be over before another row was saved");
        if (Reason is null && _options.MaxImages is { } most && Images >= most)
            SetReason($"-MaxImages {most} is reached");
        if (Reason is null && _options.MinimumBalance is { } least) await CheckBalanceAsync(least, cancellationToken).ConfigureAwait(false);
        return Reason is null;
    }

    /// <summary>Counts a row's images; false where they are more than may still be paid for.</summary>
    internal bool TryReserveImages(int images)
    {
        lock (_gate)
        {
            if (_options.MaxImages is not { } most || Images + images <= most)
            {
                Interlocked.Add(ref _images, images);
                Interlocked.Increment(ref _submissions);
                return true;
            }
        }

        SetReason($"the next row's {images} images are more than -MaxImages {_options.MaxImages} leaves");
        return false;
    }

    /// <summary>A row's images were not paid for in the end.</summary>
    internal void ReleaseImages(int images) => Interlocked.Add(ref _images, -images);

    /// <summary>Submits no more, for a reason that every other row would meet too.</summary>
    internal void StopSubmitting(FaceGenException error)
    {
        FatalError ??= error;
        SetReason(error.Message.TrimEnd('.'));
    }

    private void SetReason(string reason)
    {
        if (Reason is not null) return;

        Reason = reason;
        _log.LogVerbose($"Nothing more is submitted: {reason}.");
    }

    /// <summary>What is under way needs so long to be finished and saved; a short limit is not all spent on that.</summary>
    private TimeSpan TimeToFinish(TimeSpan limit)
    {
        TimeSpan needed = Account.For(_connection).AssumedDuration + SavingTime;
        var half = TimeSpan.FromTicks(limit.Ticks / 2);
        return needed < half ? needed : half;
    }

    private async Task CheckBalanceAsync(decimal minimum, CancellationToken cancellationToken)
    {
        if (_balanceCheckedAt is { } seen && _submissions < SubmissionsPerBalanceCheck && _time.GetElapsedTime(seen) < BalanceInterval) return;

        try
        {
            AccountBalance wallet = await new AccountClient(_connection, _log).GetBalanceAsync(cancellationToken).ConfigureAwait(false);
            _balanceCheckedAt = _time.GetTimestamp();
            _submissions = 0;
            if (wallet.Balance < minimum)
                SetReason(FormattableString.Invariant($"the wallet's balance of {wallet.Balance} is below -MinimumBalance {minimum}"));
        }
        catch (FaceGenException e) when (e.EndsRun)
        {
            StopSubmitting(e);
        }
        catch (FaceGenException e)
        {
            // Who sets a limit does not want it passed unseen.
            SetReason($"-MinimumBalance cannot be kept ({e.Message.TrimEnd('.')})");
        }
    }
}
