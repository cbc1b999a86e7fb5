using FaceGen.Contract;
using FaceGen.Http;

namespace FaceGen;

/// <summary>An expected failure, with the <see cref="ErrorCode"/> that tells scripts what it is.</summary>
public sealed class FaceGenException : Exception
{
    /// <summary>Makes an exception that says what failed and what to do.</summary>
    /// <param name="code">What went wrong.</param>
    /// <param name="message">
    /// One or two sentences for the person who reads it; what would steer a terminal, as names of files can, is left out, and so are the users and passwords of addresses.
    /// </param>
    /// <param name="inner">The cause, if another exception was.</param>
    public FaceGenException(ErrorCode code, string message, Exception? inner = null)
        : base(DisplayText.CleanLines(UserInfo.Remove(message)), UserInfo.Remove(inner))
        => Code = code;

    /// <summary>What went wrong.</summary>
    public ErrorCode Code { get; }

    /// <summary>
    /// True if every other request of the run would fail in the same way although the code alone does not say so, such as at a
    /// service whose certificate is not trusted.
    /// </summary>
    internal bool IsFatal { get; init; }

    /// <summary>Gets what time it was by the service's clock when it answered; null if it did not say.</summary>
    internal DateTimeOffset? ServiceTime { get; init; }

    /// <summary>True where every other request of the run would fail in the same way.</summary>
    public bool EndsRun => IsFatal || Code is ErrorCode.KeyRejected or ErrorCode.OutOfCredits or ErrorCode.NotInPlan
        or ErrorCode.ServiceMoved or ErrorCode.NotConnected or ErrorCode.ConnectionInvalid;
}
