using FaceGen.Accounts;
using FaceGen.Batching;
using FaceGen.Contract;
using FaceGen.Generating;
using FaceGen.Http;

namespace FaceGen.Batches.Running;

/// <summary>What keeps a run from submitting more. A brake that was put on stays on, but for a disk that was full.</summary>
internal sealed class Brakes
{
    /// <summary>How often the wallet is looked at.</summary>
    private static readonly TimeSpan BalanceInterval = TimeSpan.FromSeconds(5);

    /// <summary>How many submissions there are between two looks at the wallet at most.</summary>
    private const int SubmissionsPerBalance = 5;

    /// <summary>What the last images may take to be downloaded.</summary>
    private static readonly TimeSpan SavingTime = TimeSpan.FromSeconds(10);

    private readonly Connection _connection;
    private readonly BatchOptions _options;
    private readonly IListener _listener;
    private readonly TimeProvider _time;
    private readonly long _start;
    private readonly object _counting = new();
    private long? _balanceSeen;
    private int _submissions;
    private long _images;

    internal Brakes(Connection connection, BatchOptions options, IListener listener)
    {
        _connection = connection;
        _options = options;
        _listener = listener;
        _time = connection.Services.Time;
        _start = options.Start ?? _time.GetTimestamp();
    }

    /// <summary>Why nothing more is submitted; null while it is.</summary>
    internal string? Reason { get; private set; }

    /// <summary>What every other row would fail with too.</summary>
    internal FaceGenException? Fatal { get; private set; }

    /// <summary>How many images the run has paid for.</summary>
    internal long Images => Interlocked.Read(ref _images);

    /// <summary>How long the run has taken so far.</summary>
    internal TimeSpan Elapsed => _time.GetElapsedTime(_start);

    /// <summary>Whether another row may be submitted now.</summary>
    internal async Task<bool> AllowAsync(CancellationToken cancel)
    {
        if (Reason is null && _options.TimeLimit is { } limit && Elapsed + TimeToFinish(limit) >= limit)
            Apply($"the time limit of {limit} would be over before another row was saved");
        if (Reason is null && _options.MaxImages is { } most && Images >= most)
            Apply($"-MaxImages {most} is reached");
        if (Reason is null && _options.MinimumBalance is { } least) await LookAtBalanceAsync(least, cancel).ConfigureAwait(false);
        return Reason is null;
    }

    /// <summary>Counts a row's images; false where they are more than may still be paid for.</summary>
    internal bool TryCount(int images)
    {
        lock (_counting)
        {
            if (_options.MaxImages is not { } most || Images + images <= most)
            {
                Interlocked.Add(ref _images, images);
                Interlocked.Increment(ref _submissions);
                return true;
            }
        }

        Apply($"the next row's {images} images are more than -MaxImages {_options.MaxImages} leaves");
        return false;
    }

    /// <summary>A row's images were not paid for in the end.</summary>
    internal void Uncount(int images) => Interlocked.Add(ref _images, -images);

    /// <summary>Submits no more, for a reason that every other row would meet too.</summary>
    internal void Stop(FaceGenException fatal)
    {
        Fatal ??= fatal;
        Apply(fatal.Message.TrimEnd('.'));
    }

    private void Apply(string reason)
    {
        if (Reason is not null) return;

        Reason = reason;
        _listener.Tell($"Nothing more is submitted: {reason}.");
    }

    /// <summary>What is under way needs so long to be finished and saved; a short limit is not all spent on that.</summary>
    private TimeSpan TimeToFinish(TimeSpan limit)
    {
        TimeSpan needed = Account.Of(_connection).LongTime + SavingTime;
        var half = TimeSpan.FromTicks(limit.Ticks / 2);
        return needed < half ? needed : half;
    }

    private async Task LookAtBalanceAsync(decimal least, CancellationToken cancel)
    {
        if (_balanceSeen is { } seen && _submissions < SubmissionsPerBalance && _time.GetElapsedTime(seen) < BalanceInterval) return;

        try
        {
            AccountBalance wallet = await new AccountCalls(_connection, _listener).BalanceAsync(cancel).ConfigureAwait(false);
            _balanceSeen = _time.GetTimestamp();
            _submissions = 0;
            if (wallet.Balance < least)
                Apply(FormattableString.Invariant($"the wallet's balance of {wallet.Balance} is below -MinimumBalance {least}"));
        }
        catch (FaceGenException e) when (e.EndsRun)
        {
            Stop(e);
        }
        catch (FaceGenException e)
        {
            // Who sets a limit does not want it passed unseen.
            Apply($"-MinimumBalance cannot be kept ({e.Message.TrimEnd('.')})");
        }
    }
}
