namespace FaceGen.Batches.Ledgers;

/// <summary>The tables of a ledger, alike in both databases.</summary>
internal static class LedgerSchema
{
    /// <summary>The version that this FaceGen makes and understands.</summary>
    internal const int Version = 1;

    /// <summary>
    /// The rows that may be under way at the service. They are few, in an index of their own, which a query uses that has
    /// these very words.
    /// </summary>
    internal const string IsActive =
        "(worker IS NOT NULL OR place_until IS NOT NULL OR status IN ('Submitting', 'Submitted', 'Generated'))";

    /// <summary>The rows of an input, while they are entered or planned.</summary>
    internal const string CreateInputTable = """
        CREATE TEMPORARY TABLE input (
            position BIGINT NOT NULL, hash TEXT NOT NULL, request TEXT NOT NULL, images BIGINT NOT NULL, face TEXT,
            face_length BIGINT NOT NULL, source_file TEXT, source_line BIGINT, source_row BIGINT, path TEXT, file_at BIGINT)
        """;

    /// <summary>Makes the tables.</summary>
    /// <param name="identityType">How the database calls a key that it numbers itself.</param>
    /// <param name="bytesType">How it calls bytes.</param>
    internal static string CreateTables(string identityType, string bytesType) => $"""
        CREATE TABLE ledger (version BIGINT NOT NULL, created_at BIGINT NOT NULL, created_by TEXT NOT NULL);

        CREATE TABLE workers (
            worker {identityType},
            machine TEXT NOT NULL,
            process BIGINT NOT NULL,
            started_at BIGINT NOT NULL,
            seen_at BIGINT NOT NULL,
            ended_at BIGINT);

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
            error TEXT,
            UNIQUE (hash, occurrence));

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

    /// <exception cref="FaceGenException">A newer FaceGen has made the tables.</exception>
    internal static void ThrowIfNewer(long? version, string name)
    {
        if (version > Version)
            throw new FaceGenException(
                ErrorCode.LedgerInvalid,
                $"The ledger '{name}' was made by a newer FaceGen (version {version} of the ledger; this one knows {Version}). Update FaceGen to use it.");
    }

    /// <summary>What fills the table <c>ledger</c>.</summary>
    internal const string InsertVersion = "INSERT INTO ledger (version, created_at, created_by) VALUES (@version, @created_at, @created_by)";

    /// <summary>The values of <see cref="InsertVersion"/>.</summary>
    internal static (string, object?)[] GetVersionValues(TimeProvider time) =>
    [
        ("version", (long)Version),
        ("created_at", time.GetUtcNow().ToUnixTimeMilliseconds()),
        ("created_by", $"FaceGen {typeof(LedgerSchema).Assembly.GetName().Version!.ToString(3)}"),
    ];
}
