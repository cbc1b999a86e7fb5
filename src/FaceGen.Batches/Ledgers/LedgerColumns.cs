using System.Data.Common;
using FaceGen.BatchModel;
using FaceGen.Contract;

namespace FaceGen.Batches.Ledgers;

/// <summary>Reads rows of the ledger's tables.</summary>
internal static class LedgerColumns
{
    /// <summary>The columns of <see cref="ReadRow"/>, in its order.</summary>
    internal const string RowColumns =
        "item, source_file, source_line, source_row, request, images, status, attempts, worker, fence, address, "
        + "generation_id, generation, submitted_at, generated_at, ended_at, expires_at, place_until, error_code, error, position, face";

    /// <summary>The columns of <see cref="ReadFile"/>, in its order.</summary>
    internal const string FileColumns = "item, image, path, length, sha256, format, width, height, filtered";

    /// <summary>The flags of the column <c>filtered</c>: the image is filtered, or its end marker is missing.</summary>
    private const long FilteredFlag = 1, IncompleteFlag = 2;

    /// <summary>Returns the SQL filter of the rows in some stages.</summary>
    internal static string StatusIn(params BatchStage[] stages) => StatusIn(BatchStages.GetStatuses(stages));

    /// <summary>Returns the SQL filter of the rows with some statuses.</summary>
    internal static string StatusIn(IEnumerable<BatchItemStatus> statuses) => $"status IN ({string.Join(", ", statuses.Select(status => $"'{status}'"))})";

    internal static LedgerRow ReadRow(DbDataReader reader) => new()
    {
        Item = reader.GetInt64(0),
        Source = ReadSource(reader, 1),
        Request = reader.GetString(4),
        Images = (int)reader.GetInt64(5),
        Status = ParseEnum<BatchItemStatus>(reader.GetString(6), reader.GetInt64(0)),
        Attempts = (int)reader.GetInt64(7),
        Fence = reader.IsDBNull(8) ? 0 : reader.GetInt64(9),
        Address = ReadText(reader, 10),
        GenerationId = ReadText(reader, 11),
        Generation = ReadText(reader, 12),
        SubmittedAt = ToTime(reader, 13),
        GeneratedAt = ToTime(reader, 14),
        EndedAt = ToTime(reader, 15),
        ExpiresAt = ToTime(reader, 16),
        SlotUntil = ToTime(reader, 17),
        ErrorCode = ReadText(reader, 18) is { } code ? ParseEnum<ErrorCode>(code, reader.GetInt64(0)) : null,
        Error = ReadText(reader, 19),
        Position = reader.GetInt64(20),
        Face = ReadText(reader, 21),
    };

    internal static (long Item, LedgerFile File) ReadFile(DbDataReader reader) => (reader.GetInt64(0), new LedgerFile(
        (int)reader.GetInt64(1), reader.GetString(2), reader.GetInt64(3), reader.GetString(4),
        ParseEnum<ImageFormat>(reader.GetString(5), reader.GetInt64(0)), (int)reader.GetInt64(6), (int)reader.GetInt64(7),
        (reader.GetInt64(8) & FilteredFlag) != 0, (reader.GetInt64(8) & IncompleteFlag) != 0));

    /// <summary>Returns the value of the column <c>filtered</c>.</summary>
    internal static long GetFlags(LedgerFile file) => (file.Filtered ? FilteredFlag : 0) | (file.Incomplete ? IncompleteFlag : 0);

    /// <summary>Reads the three columns of a source.</summary>
    internal static RequestSource? ReadSource(DbDataReader reader, int column) => ReadText(reader, column) is { } file
        ? new RequestSource(file, (int)reader.GetInt64(column + 1), (int)reader.GetInt64(column + 2))
        : null;

    internal static DateTimeOffset? ToTime(long? milliseconds) =>
        milliseconds is { } known ? DateTimeOffset.FromUnixTimeMilliseconds(known) : null;

    /// <summary>Parses a name of an enumeration.</summary>
    /// <param name="text">The name.</param>
    /// <param name="item">The item of the row, for the message; null for several rows.</param>
    /// <exception cref="FaceGenException">The ledger was edited by hand and contains another value.</exception>
    internal static T ParseEnum<T>(string text, long? item = null)
        where T : struct, Enum =>
        Enum.TryParse(text, out T value) && value.ToString() == text
            ? value
            : throw new FaceGenException(ErrorCode.LedgerInvalid, $"The ledger contains '{DisplayText.Clean(text, 60)}'{(item is null ? "" : $" in item {item}")}, which is not a valid {typeof(T).Name}. Nothing more is submitted. Correct the {(item is null ? "rows" : "row")} by hand.");

    private static string? ReadText(DbDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);

    private static DateTimeOffset? ToTime(DbDataReader reader, int column) => ToTime(reader.IsDBNull(column) ? null : reader.GetInt64(column));

    /// <summary>Returns the error for a row that was edited by hand and is invalid.</summary>
    internal static FaceGenException CreateInvalidRowError(string ledger, long item, RequestSource? source, FaceGenException error)
    {
        string line = source is null || error.Message.StartsWith($"{source}: ", StringComparison.Ordinal) ? "" : $"{source}: ";
        return new FaceGenException(
            ErrorCode.LedgerInvalid, $"Item {item} of the ledger '{ledger}' cannot be read and is skipped: {line}{(error.Code == ErrorCode.LedgerInvalid ? $"{error.Cause}." : error.Message)} Correct the row by hand.", error);
    }
}
