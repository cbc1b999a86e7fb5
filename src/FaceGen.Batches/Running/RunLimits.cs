using FaceGen.Accounts;
using FaceGen.BatchModel;
using FaceGen.Generating;

namespace FaceGen.Batches.Running;

/// <summary>Decides whether a run may submit more: by its limits of time, images and balance, and after an error that every row would meet.</summary>
internal sealed class RunLimits
{
    /// <summary>How often the balance is requested at most (docs/architecture.md#balance-checks).</summary>
    private static readonly TimeSpan BalanceInterval = TimeSpan.FromSeconds(5);

    /// <summary>The maximum number of submissions between two requests of the balance (docs/architecture.md#balance-checks).</summary>
    private const int SubmissionsPerBalanceCheck = 5;

    /// <summary>The time that is reserved for the last downloads.</summary>
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
    private long _missingImages;
    private string? _reason;

    /// <summary>Why -MaxImages allows no further row; null while it does. A row that was not paid for clears it: its images are free again.</summary>
    private string? _imageReason;

    internal RunLimits(Connection connection, BatchOptions options, IEngineLog log)
    {
        _connection = connection;
        _options = options;
        _log = log;
        _time = connection.Services.Time;
        _start = options.StartTimestamp ?? _time.GetTimestamp();
    }

    /// <summary>
    /// Gets the reason why nothing more is submitted; null while the run submits. That -MaxImages is reached can change until no row is
    /// in flight.
    /// </summary>
    internal string? Reason => _reason ?? _imageReason;

    /// <summary>Gets the error that every other row would meet too; null if there is none.</summary>
    internal FaceGenException? FatalError { get; private set; }

    /// <summary>Gets how many images the run has paid for, as far as is known.</summary>
    internal long ImagesPaid => Images - Interlocked.Read(ref _missingImages);

    /// <summary>
    /// Gets how many images the accepted rows asked for, which -MaxImages limits: whether an image that did not come was charged is
    /// not known.
    /// </summary>
    internal long Images => Interlocked.Read(ref _images);

    /// <summary>Gets how many more images may be paid for; null without a limit.</summary>
    internal long? ImagesLeft => _options.MaxImages - Images;

    /// <summary>Gets the duration of the run so far.</summary>
    internal TimeSpan Elapsed => _time.GetElapsedTime(_start);

    /// <summary>Gets how many rows may be submitted before the limits are checked again.</summary>
    internal long RowsUntilCheck => Math.Max(1, Math.Min(
        ImagesLeft ?? long.MaxValue,
        _options.MinimumBalance is null ? long.MaxValue : SubmissionsPerBalanceCheck - _submissions));

    /// <summary>True if another row may be submitted now.</summary>
    internal async Task<bool> CanSubmitAsync(CancellationToken cancellationToken)
    {
        if (_reason is null && _options.TimeLimit is { } limit && Elapsed + TimeToFinish(limit) >= limit)
            SetReason($"the time limit of {limit} would be reached before another row is saved");
        lock (_gate)
        {
            if (_options.MaxImages is { } max && Images >= max) _imageReason ??= $"-MaxImages {max} is reached";
        }

        if (Reason is null && _options.MinimumBalance is { } minimum) await CheckBalanceAsync(minimum, cancellationToken).ConfigureAwait(false);
        return Reason is null;
    }

    /// <summary>Counts the images of a row; false if they exceed the images that may still be paid for.</summary>
    internal bool TryReserveImages(int images)
    {
        lock (_gate)
        {
            if (_options.MaxImages is not { } max || Images + images <= max)
            {
                Interlocked.Add(ref _images, images);
                Interlocked.Increment(ref _submissions);
                return true;
            }

            _imageReason ??= $"the next row has {images} images, which exceeds what -MaxImages {_options.MaxImages} leaves";
            return false;
        }
    }

    /// <summary>Subtracts the images of a row that was not paid for.</summary>
    internal void ReleaseImages(int images)
    {
        lock (_gate)
        {
            Interlocked.Add(ref _images, -images);
            _imageReason = null;
        }
    }

    /// <summary>Adds images that a row asked for and that did not come.</summary>
    internal void AddMissingImages(int images) => Interlocked.Add(ref _missingImages, images);

    /// <summary>Ends the submissions because of an error that every other row would meet too.</summary>
    internal void StopSubmitting(FaceGenException error)
    {
        FatalError ??= error;
        SetReason(error.Cause);
    }

    /// <summary>Logs that -MaxImages ended the submissions, which is known when no row is in flight.</summary>
    internal void LogImageLimit()
    {
        if (_reason is null && _imageReason is { } reason) LogReason(reason);
    }

    private void SetReason(string reason)
    {
        if (_reason is not null) return;

        _reason = reason;
        LogReason(reason);
    }

    private void LogReason(string reason) => _log.LogVerbose($"Nothing more is submitted: {reason}.");

    /// <summary>Returns the time that rows in flight need to be finished and saved, at most half of the limit.</summary>
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
                SetReason(FormattableString.Invariant($"the balance of {wallet.Balance} is below -MinimumBalance {minimum}"));
        }
        catch (FaceGenException e) when (e.EndsRun)
        {
            StopSubmitting(e);
        }
        catch (FaceGenException e)
        {
            // A limit that cannot be checked must not be exceeded unnoticed.
            SetReason($"the balance for -MinimumBalance {minimum} cannot be read ({e.Cause})");
        }
    }
}
