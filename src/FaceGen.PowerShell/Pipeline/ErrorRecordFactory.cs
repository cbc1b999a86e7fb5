using System.Management.Automation;
using FaceGen.Contract;
using FaceGen.Http;

namespace FaceGen.PowerShell.Pipeline;

/// <summary>Makes error records: the id is the error's code, the category is one for each code.</summary>
internal static class ErrorRecordFactory
{
    /// <summary>The id of what no code foresees.</summary>
    internal const string Unexpected = "Unexpected";

    internal static ErrorRecord Create(Exception exception, object? target) => exception is FaceGenException fault
        ? new ErrorRecord(fault, fault.Code.ToString(), GetCategory(fault.Code), target)
        : new ErrorRecord(UserInfo.Remove(exception), Unexpected, ErrorCategory.NotSpecified, target) { ErrorDetails = new ErrorDetails(DisplayText.CleanLines(UserInfo.Remove(exception.Message))) };

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
        ErrorCode.GenerationNotFound or ErrorCode.OutputMissing or ErrorCode.LinkExpired => ErrorCategory.ObjectNotFound,
        ErrorCode.FetchFailed or ErrorCode.DownloadFailed => ErrorCategory.ReadError,
        ErrorCode.ImageInvalid => ErrorCategory.InvalidData,
        ErrorCode.FileExists => ErrorCategory.ResourceExists,
        ErrorCode.FileNotWritten => ErrorCategory.WriteError,
        ErrorCode.EmulatorFailed or ErrorCode.WebhookNotOpened => ErrorCategory.ResourceUnavailable,
        _ => ErrorCategory.NotSpecified,
    };
}
