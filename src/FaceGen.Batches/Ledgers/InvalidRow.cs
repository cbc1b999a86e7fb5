namespace FaceGen.Batches.Ledgers;

/// <summary>Names a row of a ledger that was changed by hand to something invalid.</summary>
internal static class InvalidRow
{
    internal static FaceGenException CreateError(string ledger, long item, RequestSource? source, FaceGenException error)
    {
        string line = source is null || error.Message.StartsWith($"{source}: ", StringComparison.Ordinal) ? "" : $"{source}: ";
        return new FaceGenException(
            ErrorCode.LedgerInvalid, $"Item {item} of the ledger '{ledger}' cannot be read and is left out: {line}{error.Message}", error);
    }
}
