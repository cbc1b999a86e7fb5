namespace FaceGen.Batches.Ledgers;

/// <summary>Creates the error for a row of a ledger that was edited by hand and is invalid.</summary>
internal static class InvalidRow
{
    internal static FaceGenException CreateError(string ledger, long item, RequestSource? source, FaceGenException error)
    {
        string line = source is null || error.Message.StartsWith($"{source}: ", StringComparison.Ordinal) ? "" : $"{source}: ";
        return new FaceGenException(
            ErrorCode.LedgerInvalid, $"Item {item} of the ledger '{ledger}' cannot be read and is skipped: {line}{error.Message}", error);
    }
}
