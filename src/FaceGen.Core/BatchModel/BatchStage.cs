namespace FaceGen.BatchModel;

/// <summary>The stage of a batch's row: what its status means for a run.</summary>
internal enum BatchStage
{
    /// <summary>Not submitted.</summary>
    Pending,

    /// <summary>Submitted, and the response has not arrived.</summary>
    InFlight,

    /// <summary>Accepted and paid for, and not saved.</summary>
    Accepted,

    /// <summary>Ended: the images are saved.</summary>
    Saved,

    /// <summary>Ended without images; <c>-RetryFailed</c> submits it again.</summary>
    Failed,

    /// <summary>Ended, and possibly paid for; <c>-RetryUncertain</c> submits it again.</summary>
    Uncertain,
}

/// <summary>
/// Maps each status to its stage. SQL filters, counts, plans, summaries and reports are made from this table.
/// </summary>
internal static class BatchStages
{
    private static readonly (BatchItemStatus Status, BatchStage Stage)[] Table =
    [
        (BatchItemStatus.Pending, BatchStage.Pending),
        (BatchItemStatus.Submitting, BatchStage.InFlight),
        (BatchItemStatus.Submitted, BatchStage.Accepted),
        (BatchItemStatus.Generated, BatchStage.Accepted),
        (BatchItemStatus.Saved, BatchStage.Saved),
        (BatchItemStatus.Filtered, BatchStage.Saved),
        (BatchItemStatus.Failed, BatchStage.Failed),
        (BatchItemStatus.Expired, BatchStage.Failed),
        (BatchItemStatus.Uncertain, BatchStage.Uncertain),
    ];

    /// <summary>Returns the stage of a status.</summary>
    internal static BatchStage GetStage(this BatchItemStatus status) => Table.First(entry => entry.Status == status).Stage;

    /// <summary>True if a run has nothing more to do for a row of this status.</summary>
    internal static bool HasEnded(this BatchItemStatus status) => status.GetStage() >= BatchStage.Saved;

    /// <summary>Returns the statuses of some stages, in the order of the table.</summary>
    internal static IEnumerable<BatchItemStatus> GetStatuses(params BatchStage[] stages) =>
        Table.Where(entry => stages.Contains(entry.Stage)).Select(entry => entry.Status);
}
