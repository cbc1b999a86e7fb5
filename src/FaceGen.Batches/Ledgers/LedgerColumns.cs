using System.Data.Common;
using FaceGen.Batching;
using FaceGen.Contract;

namespace FaceGen.Batches.Ledgers;

/// <summary>Rows of the ledger's tables as they are read.</summary>
internal static class LedgerColumns
{
    /// <summary>The columns of <see cref="ReadRow"/>, in its order.</summary>
    internal const string OfRow =
        "item, source_file, source_line, source_row, request, images, status, attempts, worker, fence, address, "
        + "generation_id, generation, submitted_at, generated_at, ended_at, expires_at, place_until, error_code, error, position, face";

    /// <summary>The columns of <see cref="ReadFile"/>, in its order.</summary>
    internal const string OfFile = "item, image, path, length, sha256, format, width, height, filtered";

    /// <summary>What the column <c>filtered</c> adds up: that the image is filtered, and that it lacks its end marker.</summary>
    private const long IsFiltered = 1, IsIncomplete = 2;

    internal static LedgerRow ReadRow(DbDataReader reader) => new()
    {
        Item = reader.GetInt64(0),
        Source = Source(reader, 1),
        Request = reader.GetString(4),
        Images = (int)reader.GetInt64(5),
        Status = Name<BatchItemStatus>(reader.GetString(6)),
        Attempts = (int)reader.GetInt64(7),
        Fence = reader.IsDBNull(8) ? 0 : reader.GetInt64(9),
        Address = Text(reader, 10),
        GenerationId = Text(reader, 11),
        Generation = Text(reader, 12),
        SubmittedAt = Time(reader, 13),
        GeneratedAt = Time(reader, 14),
        EndedAt = Time(reader, 15),
        ExpiresAt = Time(reader, 16),
        PlaceUntil = Time(reader, 17),
        ErrorCode = Text(reader, 18) is { } code ? Name<ErrorCode>(code) : null,
        Error = Text(reader, 19),
        Position = reader.GetInt64(20),
        Face = Text(reader, 21),
    };

    internal static (long Item, LedgerFile File) ReadFile(DbDataReader reader) => (reader.GetInt64(0), new LedgerFile(
        (int)reader.GetInt64(1), reader.GetString(2), reader.GetInt64(3), reader.GetString(4),
        Name<ImageFormat>(reader.GetString(5)), (int)reader.GetInt64(6), (int)reader.GetInt64(7),
        (reader.GetInt64(8) & IsFiltered) != 0, (reader.GetInt64(8) & IsIncomplete) != 0));

    /// <summary>The value of the column <c>filtered</c>.</summary>
    internal static long Flags(LedgerFile file) => (file.Filtered ? IsFiltered : 0) | (file.Incomplete ? IsIncomplete : 0);

    /// <summary>The source's three columns, from the first of them.</summary>
    internal static RequestSource? Source(DbDataReader reader, int column) => Text(reader, column) is { } file
        ? new RequestSource(file, (int)reader.GetInt64(column + 1), (int)reader.GetInt64(column + 2))
        : null;

    internal static DateTimeOffset? Time(long? milliseconds) =>
        milliseconds is { } known ? DateTimeOffset.FromUnixTimeMilliseconds(known) : null;

    /// <summary>A name of an enumeration.</summary>
    /// <exception cref="FaceGenException">The ledger was changed by hand to something else.</exception>
    internal static T Name<T>(string text)
        where T : struct, Enum =>
        Enum.TryParse(text, out T value) && value.ToString() == text
            ? value
            : throw new FaceGenException(ErrorCode.LedgerInvalid, $"The ledger holds '{DisplayText.Clean(text, 60)}' where a {typeof(T).Name} belongs.");

    private static string? Text(DbDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);

    private static DateTimeOffset? Time(DbDataReader reader, int column) => Time(reader.IsDBNull(column) ? null : reader.GetInt64(column));
}
