using System.Text.RegularExpressions;

namespace FaceGen.Generating;

/// <summary>
/// Finds out from the failures of one run that every other request would fail too: by an error of the account or the
/// service, or by a streak of requests that fail for the same reason without one that the service accepts.
/// </summary>
internal sealed class RunFailures
{
    /// <summary>The length of a streak that ends the run.</summary>
    internal const int MaxStreak = 10;

    private static readonly Regex Digits = new(@"\d+", RegexOptions.CultureInvariant);

    private readonly object _gate = new();
    private readonly HashSet<string> _faces = new(StringComparer.Ordinal);
    private volatile FaceGenException? _fatalError;
    private string? _reason;
    private bool _hasAccepted;
    private int _count;
    private int _sequence;
    private int _hasWarnedUnreachable;

    /// <summary>Gets the error that every other request would meet too; null if there is none.</summary>
    internal FaceGenException? FatalError => _fatalError;

    /// <summary>Gets a number that grows with each failure: it shows whether a request was sent before or after one.</summary>
    internal int Sequence => Volatile.Read(ref _sequence);

    /// <summary>Ends the streak: the service accepted a request.</summary>
    internal void AddAccepted()
    {
        lock (_gate)
        {
            _count = 0;
            _hasAccepted = true;
        }
    }

    /// <summary>Adds an error that every other request would meet too.</summary>
    internal void AddFatal(FaceGenException error)
    {
        lock (_gate) _fatalError ??= error;
    }

    /// <summary>Adds a refusal.</summary>
    /// <param name="reason">The reason, without what belongs to the single request.</param>
    /// <param name="cause">What the service refused, and why.</param>
    /// <param name="face">
    /// The face image, if the refusal is about it: rows that share it count once, if the run has had a success.
    /// </param>
    internal void AddRefusal(string reason, string cause, string? face = null) =>
        Add(reason, face: face, createError: () => new FaceGenException(ErrorCode.RequestRefused,
            $"The service refused {MaxStreak} consecutive requests for the same reason and accepted none. Nothing more is submitted. The last refusal: {cause}. Correct what these requests have in common. Invoke-FaceGenBatch -RetryFailed sends refused rows again.") { IsFatal = true });

    /// <summary>
    /// Adds a submission whose outcome is unknown. Submissions that were sent before the last one was known count once: one
    /// short outage meets all that are in flight.
    /// </summary>
    /// <param name="sentSequence">The <see cref="Sequence"/> when it was sent.</param>
    /// <param name="reason">The reason, with any numbers.</param>
    internal void AddUncertain(int sentSequence, string reason) =>
        Add(Digits.Replace(reason, "0"), sentSequence: sentSequence, createError: () => new FaceGenException(ErrorCode.ServiceUnreachable,
            $"The responses to {MaxStreak} consecutive submissions were lost for the same reason ({reason.TrimEnd('.')}). The service may have accepted and charged for them. Nothing more is submitted. Check the connection and the address, then run the command again.") { IsFatal = true });

    /// <summary>Returns true once, so that only the first request that cannot be sent causes a warning.</summary>
    internal bool TryWarnUnreachable() => Interlocked.Exchange(ref _hasWarnedUnreachable, 1) == 0;

    private void Add(string reason, Func<FaceGenException> createError, int? sentSequence = null, string? face = null)
    {
        lock (_gate)
        {
            bool isSame = _count > 0 && reason == _reason;
            if (isSame && sentSequence < _sequence) return;

            if (!isSame) _faces.Clear();
            if (face is not null && !_faces.Add(face) && _hasAccepted) return;

            _reason = reason;
            _count = isSame ? _count + 1 : 1;
            _sequence++;
            if (_count == MaxStreak) _fatalError ??= createError();
        }
    }
}
