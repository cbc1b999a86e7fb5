using FaceGen.BatchModel;

namespace FaceGen.Batches.Ledgers;

/// <summary>The tables of a ledger, in SQL that SQLite and PostgreSQL share.</summary>
internal static class LedgerSchema
{
    /// <summary>The version that this FaceGen creates and reads.</summary>
    internal const int Version = 1;

    /// <summary>
    /// The filter of rows that a worker holds or that may hold a slot at the service. They are few, and have a partial index, which a
    /// query uses only with exactly this text.
    /// </summary>
    internal static readonly string IsActive =
        $"(worker IS NOT NULL OR place_until IS NOT NULL OR {LedgerColumns.StatusIn(BatchStage.InFlight, BatchStage.Accepted)})";

    /// <summary>
    /// Returns the SQL that creates the tables <c>input</c>, of the input's rows, and <c>matched</c>, of those that the ledger contains.
    /// Rows with the same hash are numbered by <c>occurrence</c>; <c>repeats</c> is the position of the first of them, null in that one.
    /// </summary>
    /// <param name="kind">The kind of table.</param>
    /// <param name="keyType">The database's type of a position.</param>
    /// <param name="options">The options of the tables.</param>
    internal static string CreateInput(string kind, string keyType, string options = "") => $"""
        CREATE {kind} input (
            position {keyType} PRIMARY KEY, hash TEXT NOT NULL, occurrence BIGINT NOT NULL, repeats BIGINT, request TEXT NOT NULL,
            images BIGINT NOT NULL, face TEXT, face_length BIGINT NOT NULL, source_file TEXT, source_line BIGINT, source_row BIGINT,
            path TEXT, file_at BIGINT, is_at_risk BIGINT NOT NULL) {options};

        CREATE {kind} matched (position {keyType} PRIMARY KEY, item BIGINT NOT NULL, status TEXT NOT NULL, images BIGINT NOT NULL, submitted_at BIGINT) {options}
        """;

    /// <summary>
    /// Creates the index that identifies rows. It is in random order: creating it after many rows were inserted is faster than
    /// inserting them with it.
    /// </summary>
    internal const string CreateHashIndex = "CREATE UNIQUE INDEX items_hash ON items (hash, occurrence)";

    /// <summary>Returns the SQL that creates the tables, without <see cref="CreateHashIndex"/>.</summary>
    /// <param name="identityType">The database's type of a key that it numbers itself.</param>
    /// <param name="bytesType">The database's type of bytes.</param>
    internal static string CreateTables(string identityType, string bytesType) => $"""
        CREATE TABLE ledger (version BIGINT NOT NULL, created_at BIGINT NOT NULL, created_by TEXT NOT NULL);

        CREATE TABLE workers (
            worker {identityType},
            machine TEXT NOT NULL,
            process BIGINT NOT NULL,
            started_at BIGINT NOT NULL,
            seen_at BIGINT NOT NULL,
            ended_at BIGINT,
            image_price TEXT,
            currency TEXT);

        CREATE TABLE items (
            item {identityType},
            hash TEXT NOT NULL,
            occurrence BIGINT NOT NULL,
            position BIGINT NOT NULL,
            wanted BIGINT NOT NULL,
            source_file TEXT,
            source_line BIGINT,
            source_row BIGINT,
            request TEXT NOT NULL,
            images BIGINT NOT NULL,
            face TEXT,
            face_length BIGINT NOT NULL DEFAULT 0,
            status TEXT NOT NULL,
            attempts BIGINT NOT NULL DEFAULT 0,
            worker BIGINT,
            fence BIGINT NOT NULL DEFAULT 0,
            address TEXT,
            generation_id TEXT,
            generation TEXT,
            submitted_at BIGINT,
            generated_at BIGINT,
            ended_at BIGINT,
            expires_at BIGINT,
            place_until BIGINT,
            error_code TEXT,
            error TEXT);

        CREATE INDEX items_status ON items (status, wanted, position, item);
        CREATE INDEX items_position ON items (position, item);
        CREATE INDEX items_worker ON items (worker) WHERE worker IS NOT NULL;
        CREATE INDEX items_at_work ON items (address) WHERE {IsActive};
        CREATE INDEX items_generation ON items (generation_id) WHERE generation_id IS NOT NULL;

        CREATE TABLE files (
            item BIGINT NOT NULL REFERENCES items (item) ON DELETE CASCADE,
            image BIGINT NOT NULL,
            path TEXT NOT NULL UNIQUE,
            length BIGINT NOT NULL,
            sha256 TEXT NOT NULL,
            format TEXT NOT NULL,
            width BIGINT NOT NULL,
            height BIGINT NOT NULL,
            filtered BIGINT NOT NULL,
            PRIMARY KEY (item, image));

        CREATE TABLE faces (hash TEXT PRIMARY KEY, bytes {bytesType} NOT NULL);

        CREATE TABLE former (
            generation_id TEXT PRIMARY KEY,
            item BIGINT NOT NULL REFERENCES items (item) ON DELETE CASCADE);
        """;

    /// <summary>The columns of the table <c>workers</c> that a ledger of an earlier FaceGen lacks until a price is recorded.</summary>
    internal const string PriceColumn = "image_price", CurrencyColumn = "currency";

    /// <summary>Throws if a newer FaceGen created the ledger.</summary>
    /// <exception cref="FaceGenException">The version is newer.</exception>
    internal static void ThrowIfNewer(long? version, string name)
    {
        if (version > Version)
            throw new FaceGenException(
                ErrorCode.LedgerInvalid,
                $"The ledger '{name}' has version {version} of a newer FaceGen, and this FaceGen reads version {Version}. Nothing was sent. Update FaceGen.");
    }

    /// <summary>Inserts the row of the table <c>ledger</c>.</summary>
    internal const string InsertVersion = "INSERT INTO ledger (version, created_at, created_by) VALUES (@version, @created_at, @created_by)";

    /// <summary>Returns the values of <see cref="InsertVersion"/>.</summary>
    internal static (string, object?)[] GetVersionValues(TimeProvider time) =>
    [
        ("version", (long)Version),
        ("created_at", time.GetUtcNow().ToUnixTimeMilliseconds()),
        ("created_by", $"FaceGen {typeof(LedgerSchema).Assembly.GetName().Version!.ToString(3)}"),
    ];
}
