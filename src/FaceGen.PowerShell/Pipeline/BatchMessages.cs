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
    internal static string? DescribeNotRetried(BatchPlan plan)
    {
        if (plan.NotRetried == 0) return null;

        string failed = plan.Failed + plan.Expired == 0 ? "" : " -RetryFailed sends failed and expired rows again.";
        string uncertain = plan.Uncertain == 0 ? "" : " -RetryUncertain sends uncertain rows again, which may pay twice.";
        return $"{Count(plan.NotRetried, "row")} of an earlier run {(plan.NotRetried == 1 ? "is" : "are")} not sent again: {ListNotRetried(plan)}. "
            + $"Get-FaceGenBatchItem -Status {string.Join(", ", GetNotRetried(plan).Select(count => count.Status))} shows why.{failed}{uncertain}";
    }

    /// <summary>Returns what a run will do, for -WhatIf, -Confirm and the verbose stream.</summary>
    internal static string DescribePlan(BatchPlan plan, BatchOptions options, bool skipInvalid, bool skipDuplicate)
    {
        (long rows, long invalid, long images) = (plan.Rows, plan.Invalid, plan.ImagesToPay);
        string limit = images < plan.Images ? $" of {plan.Images}" : "";
        string cost = plan.Cost is { } amount ? Format($" (about {amount:0.####} {plan.Currency}").TrimEnd() + ")" : "";
        string atRisk = plan.ImagesAtRisk == 0 ? "" : $" The service may deliver {plan.ImagesAtRisk} fewer: of 2 samples at {RequestField.Width.Maximum}x{RequestField.Height.Maximum} it returns one.";
        string notRetried = plan.NotRetried == 0 ? "" : $" ({ListNotRetried(plan)})";
        string uploads = plan.Uploads == 0 ? "" : $" with {Count(plan.Uploads, "upload")} of face images";
        string duplicates = plan.Duplicates == 0 ? "" : $", {Count(plan.Duplicates, "duplicate")}{(skipDuplicate ? " skipped" : "")}";
        string invalidRows = invalid == 0 ? "" : skipInvalid ? $", {invalid} invalid and skipped"
            : $", {invalid} invalid (fix them, or use -SkipInvalid, before anything is sent)";
        return $"Pay for {images}{limit} {(images == 1 && limit.Length == 0 ? "image" : "images")}{cost} and save them in '{options.Save.Folder}': {Count(rows, "row")}, {plan.ToSubmit} to send{uploads}, "
            + $"{plan.InProgress} in progress from an earlier run, {plan.Done} done, {plan.NotRetried} not retried{notRetried}{duplicates}{invalidRows}.{atRisk}";
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

    /// <summary>Returns a plan with the cost at the price of the account that pays, if this session knows it.</summary>
    internal static BatchPlan WithCost(BatchPlan plan, Connection? payer) => payer is not null && Account.For(payer).ImagePrice.Latest is var (price, currency)
        ? plan with { Cost = price * plan.ImagesToPay, Currency = currency }
        : plan;

    /// <summary>Returns a number with a noun in the singular or plural.</summary>
    internal static string Count(long count, string noun) => $"{count} {noun}{(count == 1 ? "" : "s")}";

    /// <summary>Returns the number of rows of each status that are not sent again.</summary>
    private static IEnumerable<(BatchItemStatus Status, long Rows)> GetNotRetried(BatchPlan plan) => new[]
    {
        (BatchItemStatus.Failed, plan.Failed),
        (BatchItemStatus.Expired, plan.Expired),
        (BatchItemStatus.Uncertain, plan.Uncertain),
    }.Where(count => count.Item2 > 0);

    private static string ListNotRetried(BatchPlan plan) =>
        string.Join(", ", GetNotRetried(plan).Select(count => $"{count.Rows} {count.Status.ToString().ToLowerInvariant()}"));

    private static string Format(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
