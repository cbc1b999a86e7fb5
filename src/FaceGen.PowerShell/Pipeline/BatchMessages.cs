using System.Globalization;
using FaceGen.BatchModel;
using FaceGen.Contract;
using FaceGen.Generating;

namespace FaceGen.PowerShell.Pipeline;

/// <summary>The messages of Invoke-FaceGenBatch: its plan, its progress, and its warnings and errors about the input.</summary>
internal static class BatchMessages
{
    /// <summary>Returns the error of an input that cannot be run; null if it can.</summary>
    internal static FaceGenException? FindInputError(long rows, long invalid, bool allowInvalid)
    {
        if (rows == 0) return new FaceGenException(ErrorCode.BatchInvalid, "The input has no rows. Nothing was sent. Check the file or the pipeline before this command.");
        if (invalid == 0 || (allowInvalid && invalid < rows)) return null;

        string them = invalid == 1 ? "it" : "them";
        return new FaceGenException(ErrorCode.BatchInvalid,
            $"{invalid} of {Count(rows, "row")} {(invalid == 1 ? "is" : "are")} invalid. Nothing was sent. Fix {them}{(invalid == rows ? "" : $", or skip {them} with -SkipInvalid")}.");
    }

    /// <summary>Returns the error of file names that conflict; null if none do.</summary>
    internal static FaceGenException? FindNameError(BatchPlan plan, string name, bool isSameForAll)
    {
        string template = $"-Name '{DisplayText.Clean(name, 100)}'";
        string? message =
            plan.ToSubmit + plan.InProgress > 1 && isSameForAll
                ? $"{template} gives all rows the same file name. Nothing was sent. Add {{id}}, {{row}} or {{prompt}}."
            : plan.FileConflict is var (first, second)
                ? $"{template} gives {first} and {second} the same file name. Nothing was sent. Add {{id}} or {{row}}."
            : plan.ExistingFile is var (row, path, isOfAnotherRow)
                ? $"{template} gives {row} the file name '{path}', which {(isOfAnotherRow ? "is the image of another row of the ledger" : "already exists")}. Nothing was sent. "
                    + $"{(isOfAnotherRow ? "Give" : "Move the file away, or give")} another -Name, for example with {{id}}."
            : null;
        return message is null ? null : new FaceGenException(ErrorCode.FileNameInvalid, message);
    }

    /// <summary>Returns the warning of rows that repeat another one; null if there are none.</summary>
    internal static string? DescribeDuplicates(BatchPlan plan) => plan.FirstDuplicate is var (original, duplicate)
        ? $"{Count(plan.Duplicates, "row")} of the input {(plan.Duplicates == 1 ? "repeats" : "repeat")} another row: {duplicate} is the same request as {original}. "
            + "Each row is sent and paid for. To skip the duplicates, use -SkipDuplicate."
        : null;

    /// <summary>Returns the warning of rows that an earlier run ended without an image; null if there are none.</summary>
    internal static string? DescribeNotRetried(BatchPlan plan) => plan.NotRetried == 0 ? null
        : $"{Count(plan.NotRetried, "row")} failed, expired or became uncertain in an earlier run, and {(plan.NotRetried == 1 ? "is" : "are")} not sent again. To send {(plan.NotRetried == 1 ? "it" : "them")}, use -RetryFailed, or -RetryUncertain, which may pay twice.";

    /// <summary>Returns what a run will do, for -WhatIf, -Confirm and the verbose stream.</summary>
    internal static string DescribePlan(BatchPlan plan, BatchOptions options, long rows, long invalid, bool skipInvalid, bool skipDuplicate)
    {
        long images = plan.AffordableImages ?? plan.Images;
        string limit = images < plan.Images ? $" of {plan.Images}" : "";
        string uploads = !options.UploadFaces || plan.Uploads == 0 ? "" : $" after {Count(plan.Uploads, "upload")} of shared face images";
        string duplicates = plan.Duplicates == 0 ? "" : $", {Count(plan.Duplicates, "duplicate")}{(skipDuplicate ? " skipped" : "")}";
        string invalidRows = invalid == 0 ? "" : skipInvalid ? $", {invalid} invalid and skipped"
            : $", {invalid} invalid (fix them, or use -SkipInvalid, before anything is sent)";
        return $"Pay for {images}{limit} {(images == 1 && limit.Length == 0 ? "image" : "images")} and save them in '{options.Save.Folder}': {Count(rows, "row")}, {plan.ToSubmit} to send{uploads}, "
            + $"{plan.InProgress} in progress from an earlier run, {plan.Done} done, {plan.NotRetried} not retried{duplicates}{invalidRows}.";
    }

    /// <summary>Returns the state of a run for the progress display.</summary>
    internal static ProgressDisplay.State DescribeProgress(BatchProgress progress) => new(Format(
        $"{progress.Ended} of {progress.Total} done, {progress.Failed} failed, {progress.InProgress} in progress, {progress.RowsPerMinute:0.0}/min"))
    {
        Operation = progress.NearestExpiry is { } expiry ? Format($"the first unsaved image expires at {expiry.ToLocalTime():yyyy-MM-dd HH:mm}") : "",
        Percent = progress.Total == 0 ? 100 : (int)(100 * progress.Ended / progress.Total),
        TimeLeft = progress.TimeLeft,
    };

    /// <summary>Returns the error of a row that has ended, with what to do next.</summary>
    internal static FaceGenException DescribeError(BatchItem item, FaceGenException error) => new(error.Code, item.StatusValue switch
    {
        // A row of an earlier run has no remedy in its message.
        BatchItemStatus.Uncertain => error.Message.EndsWith(LostResponse.Remedy, StringComparison.Ordinal) ? error.Message : $"{error.Message} {LostResponse.Remedy}",
        BatchItemStatus.Submitted or BatchItemStatus.Generated => error.Code switch
        {
            ErrorCode.FileExists => $"{error.Message} Move the file away, or give another -Name, for example with {{id}}. Then run the same command again.",
            ErrorCode.ConnectionMismatch => error.Message,
            // The remedy of a single command is not that of a batch.
            _ => $"{error.Cause}. The row is not lost. Run the same command again to continue it.",
        },
        _ => error.Message,
    }, error);

    /// <summary>Returns a summary with the invalid rows, which the ledger does not contain.</summary>
    internal static BatchSummary WithInvalidRows(BatchSummary summary, long invalid)
    {
        if (invalid == 0) return summary;

        string them = invalid == 1 ? "it" : "them";
        string skipped = $"{Count(invalid, "row")} of the input {(invalid == 1 ? "is invalid and was" : "are invalid and were")} skipped. Get-FaceGenBatch does not count {them}. Fix {them} and run the same command again.";
        return summary with { Invalid = invalid, Message = summary.Message.Length == 0 ? skipped : $"{summary.Message} {skipped}" };
    }

    /// <summary>Returns a number with a noun in the singular or plural.</summary>
    internal static string Count(long count, string noun) => $"{count} {noun}{(count == 1 ? "" : "s")}";

    private static string Format(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
