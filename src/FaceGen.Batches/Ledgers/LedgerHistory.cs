namespace FaceGen.Batches.Ledgers;

/// <summary>What all runs of a batch have done so far.</summary>
/// <param name="ImagesPaid">The number of images of rows that were accepted, or may have been: those received of a saved row, else those requested.</param>
/// <param name="Duration">How long runs have worked; simultaneous runs count once.</param>
/// <param name="RunningSince">When the earliest of the other runs that work now began; null if there is none.</param>
internal sealed record LedgerHistory(long ImagesPaid, TimeSpan Duration, DateTimeOffset? RunningSince)
{
    /// <summary>Gets the price of an image that the latest run found, and its currency; null if none found it.</summary>
    internal (decimal Amount, string? Currency)? Price { get; init; }

    /// <summary>Returns a summary with the history.</summary>
    internal BatchSummary AddTo(BatchSummary summary) => summary with
    {
        TotalImagesPaid = ImagesPaid,
        TotalDuration = Duration,
        RunningSince = RunningSince,
        TotalCost = Price?.Amount * ImagesPaid,
        Currency = Price?.Currency,
    };

    /// <summary>Returns the total length of intervals, in which time that several of them share counts once.</summary>
    /// <param name="intervals">The intervals in milliseconds, in the order of their start.</param>
    internal static TimeSpan GetTotalLength(IEnumerable<(long Start, long End)> intervals)
    {
        long total = 0, covered = long.MinValue;
        foreach ((long start, long end) in intervals)
        {
            total += Math.Max(0, end - Math.Max(start, covered));
            covered = Math.Max(covered, end);
        }

        return TimeSpan.FromMilliseconds(total);
    }
}
