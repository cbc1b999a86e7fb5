using FaceGen.Batches.Ledgers;
using FaceGen.Http;

namespace FaceGen.Batches.Running;

/// <summary>Converts rows of the ledger to the objects that users see.</summary>
internal static class BatchItems
{
    /// <summary>Returns the item of a row.</summary>
    /// <param name="row">The row.</param>
    /// <param name="request">The request of the row.</param>
    /// <param name="connection">The connection of the run, which the generation gets if it belongs to the same account.</param>
    internal static BatchItem FromRow(LedgerRow row, Request request, Connection? connection = null)
    {
        Generation? generation = row.GenerationId is null ? null : GenerationSerializer.Deserialize(row, request);
        if (connection is not null && generation?.Account is { } account && AccountIdentifier.Matches(account, connection))
            generation = generation with { Connection = connection };
        return new BatchItem(row.Status)
        {
            Request = request,
            Generation = generation,
            Account = generation?.Account ?? row.Address,
            Files = generation is null ? new() : new([.. row.Files.Select(file => ToSavedImage(file, generation))]),
            Attempts = row.Attempts,
            SubmittedAt = row.SubmittedAt,
            GeneratedAt = row.GeneratedAt,
            EndedAt = row.EndedAt,
            ErrorCodeValue = row.ErrorCode,
            Error = row.Error,
        };
    }

    internal static LedgerFile ToLedgerFile(SavedImage image) =>
        new(image.Index, image.FullName, image.Length, image.Sha256, image.FormatValue, image.Width, image.Height, image.Filtered, image.Incomplete);

    private static SavedImage ToSavedImage(LedgerFile file, Generation generation) => new(generation, file.Format)
    {
        FullName = file.Path,
        Length = file.Length,
        Sha256 = file.Sha256,
        Width = file.Width,
        Height = file.Height,
        Filtered = file.Filtered,
        Incomplete = file.Incomplete,
        Index = file.Index,
    };
}
