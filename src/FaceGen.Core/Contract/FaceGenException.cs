using FaceGen.Contract;
using FaceGen.Http;

namespace FaceGen;

/// <summary>The exception that is thrown for an expected failure, with an <see cref="ErrorCode"/> for scripts.</summary>
public sealed class FaceGenException : Exception
{
    /// <summary>Initializes a new instance.</summary>
    /// <param name="code">The kind of the error.</param>
    /// <param name="message">
    /// What happened, what it means for money or data, and what to do. Terminal controls, and users and passwords in addresses, are removed.
    /// </param>
    /// <param name="inner">The exception that caused this one, if any.</param>
    public FaceGenException(ErrorCode code, string message, Exception? inner = null)
        : base(DisplayText.CleanLines(UserInfo.Remove(message)), UserInfo.Remove(inner))
        => Code = code;

    /// <summary>Gets the kind of the error.</summary>
    public ErrorCode Code { get; }

    /// <summary>
    /// True if the error ends the run whatever its code, for example because the service's certificate is not trusted.
    /// </summary>
    internal bool IsFatal { get; init; }

    /// <summary>Gets the time of the response by the service's clock; null if the response has no date.</summary>
    internal DateTimeOffset? ServiceTime { get; init; }

    /// <summary>Gets what happened, to be quoted in another message: the first sentence by default, without its period.</summary>
    internal string Cause { get => field ?? GetFirstSentence(Message); init => field = DisplayText.CleanLines(UserInfo.Remove(value)); }

    /// <summary>True if every other request of the run would fail in the same way.</summary>
    public bool EndsRun => IsFatal || Code is ErrorCode.KeyRejected or ErrorCode.OutOfCredits or ErrorCode.NotInPlan
        or ErrorCode.ServiceMoved or ErrorCode.NotConnected or ErrorCode.ConnectionInvalid;

    private static string GetFirstSentence(string message) =>
        (message.IndexOf(". ", StringComparison.Ordinal) is var end and > 0 ? message.Substring(0, end) : message).TrimEnd('.');
}
