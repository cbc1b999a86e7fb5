using System.Management.Automation;
using FaceGen.Contract;
using FaceGen.Http;

namespace FaceGen.PowerShell.Pipeline;

/// <summary>Creates error records: the id is the error code, and each code has one category.</summary>
internal static class ErrorRecordFactory
{
    /// <summary>The error id of an exception without an error code.</summary>
    internal const string Unexpected = "Unexpected";

    internal static ErrorRecord Create(Exception exception, object? target) => exception is FaceGenException error
        ? new ErrorRecord(error, error.Code.ToString(), GetCategory(error.Code), target)
        : new ErrorRecord(UserInfo.Remove(exception), Unexpected, ErrorCategory.NotSpecified, target) { ErrorDetails = new ErrorDetails(DisplayText.CleanLines(UserInfo.Remove(exception.Message))) };

    /// <summary>Returns an exception whose message begins with its row.</summary>
    internal static Exception WithRow(Exception exception, RequestSource? row) =>
        row is not null && exception is FaceGenException error ? new FaceGenException(error.Code, $"{row}: {error.Message}", error) : exception;

    internal static ErrorCategory GetCategory(ErrorCode code) => code switch
    {
        ErrorCode.RequestInvalid or ErrorCode.FaceImageInvalid or ErrorCode.ParametersInvalid
            or ErrorCode.FileNameInvalid or ErrorCode.ConnectionMismatch => ErrorCategory.InvalidArgument,
        ErrorCode.RequestFileInvalid => ErrorCategory.ReadError,
        ErrorCode.BatchInvalid or ErrorCode.LedgerInvalid => ErrorCategory.InvalidData,
        ErrorCode.LedgerInUse => ErrorCategory.ResourceBusy,
        ErrorCode.LedgerNotWritten => ErrorCategory.WriteError,
        ErrorCode.LedgerUnreachable => ErrorCategory.ConnectionError,
        ErrorCode.NotConnected or ErrorCode.ConnectionInvalid or ErrorCode.ServiceUnreachable or ErrorCode.ServiceMoved =>
            ErrorCategory.ConnectionError,
        ErrorCode.KeyRejected => ErrorCategory.AuthenticationError,
        ErrorCode.OutOfCredits => ErrorCategory.QuotaExceeded,
        ErrorCode.NotInPlan => ErrorCategory.PermissionDenied,
        ErrorCode.RequestRefused or ErrorCode.GenerationFailed or ErrorCode.NotDeleted => ErrorCategory.InvalidResult,
        ErrorCode.ServiceBusy => ErrorCategory.ResourceBusy,
        ErrorCode.SubmissionUncertain => ErrorCategory.OperationStopped,
        ErrorCode.GenerationTimeout => ErrorCategory.OperationTimeout,
        ErrorCode.GenerationNotFound or ErrorCode.OutputMissing or ErrorCode.LinkExpired or ErrorCode.LedgerNotFound => ErrorCategory.ObjectNotFound,
        ErrorCode.FetchFailed or ErrorCode.DownloadFailed => ErrorCategory.ReadError,
        ErrorCode.ImageInvalid => ErrorCategory.InvalidData,
        ErrorCode.FileExists => ErrorCategory.ResourceExists,
        ErrorCode.FileNotWritten => ErrorCategory.WriteError,
        ErrorCode.EmulatorFailed or ErrorCode.WebhookNotOpened => ErrorCategory.ResourceUnavailable,
        _ => ErrorCategory.NotSpecified,
    };
}
