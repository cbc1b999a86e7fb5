using System.Text.RegularExpressions;

namespace FaceGen.Generating;

/// <summary>
/// Counts requests of one run that fail one after the other for the same reason, without one that the service accepts. Such a
/// streak shows a fault of the account or the service, whatever words the service uses.
/// </summary>
internal sealed class FailureStreak
{
    /// <summary>After how many of them nothing more is sent.</summary>
    internal const int MaxLength = 10;

    private static readonly Regex Digits = new(@"\d+", RegexOptions.CultureInvariant);

    private readonly object _gate = new();
    private readonly HashSet<string> _faces = new(StringComparer.Ordinal);
    private string? _reason;
    private bool _hasAccepted;
    private int _count;
    private int _sequence;

    /// <summary>Gets a number that grows with each failure, to compare whether a request was sent before or after one.</summary>
    internal int Sequence => Volatile.Read(ref _sequence);

    /// <summary>The service has accepted a request.</summary>
    internal void Reset()
    {
        lock (_gate)
        {
            _count = 0;
            _hasAccepted = true;
        }
    }

    /// <summary>Counts a refusal.</summary>
    /// <param name="reason">The reason, without what belongs to the single request.</param>
    /// <param name="message">What is said of this one.</param>
    /// <param name="face">
    /// The face image, if the refusal is about it: rows that share it count once, if the run has had a success.
    /// </param>
    /// <returns>What ends the run if the streak is too long; else null.</returns>
    internal FaceGenException? AddRefusal(string reason, string message, string? face = null) => Add(reason, face: face)
        ? new FaceGenException(ErrorCode.RequestRefused,
            $"The service refused {MaxLength} requests one after the other for the same reason, and accepted none. Nothing more is sent. The last of them: {message.TrimEnd('.')}. Correct what they have in common; Invoke-FaceGenBatch -RetryFailed sends refused rows again.") { IsFatal = true }
        : null;

    /// <summary>
    /// Counts a submission of unknown outcome. Those that were sent before the last one was known count once: a moment's fault
    /// meets all that are in flight.
    /// </summary>
    /// <param name="sentSequence"><see cref="Sequence"/> when it was sent.</param>
    /// <param name="reason">What is known of it.</param>
    /// <returns>What ends the run if the streak is too long; else null.</returns>
    internal FaceGenException? AddUncertain(int sentSequence, string reason) => Add(Digits.Replace(reason, "0"), sentSequence)
        ? new FaceGenException(ErrorCode.ServiceUnreachable,
            $"The answers to {MaxLength} submissions one after the other were lost in the same way, and none came through. Nothing more is sent: each of them may be paid for. The last of them: {reason.TrimEnd('.')}. Check the connection and the address, then run the command again.") { IsFatal = true }
        : null;

    private bool Add(string reason, int? sentSequence = null, string? face = null)
    {
        lock (_gate)
        {
            bool isSame = _count > 0 && reason == _reason;
            if (isSame && sentSequence < _sequence) return false;

            if (!isSame) _faces.Clear();
            if (face is not null && !_faces.Add(face) && _hasAccepted) return false;

            _reason = reason;
            _count = isSame ? _count + 1 : 1;
            _sequence++;
            return _count == MaxLength;
        }
    }
}
