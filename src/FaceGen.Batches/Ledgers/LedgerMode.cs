namespace FaceGen.Batches.Ledgers;

/// <summary>The purpose for which a ledger is opened.</summary>
internal enum LedgerMode
{
    /// <summary>To process its rows: a missing ledger is created, and the caller is registered as a worker.</summary>
    Run,

    /// <summary>
    /// To process its rows after the import of an input: a missing ledger counts as an empty one, and is created by the import.
    /// </summary>
    RunAndCreateOnImport,

    /// <summary>To plan a run: nothing is written, and a missing ledger counts as an empty one.</summary>
    Plan,

    /// <summary>To read it: nothing is written, and the ledger must exist.</summary>
    Read,
}
