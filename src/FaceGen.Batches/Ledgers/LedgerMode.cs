namespace FaceGen.Batches.Ledgers;

/// <summary>What a ledger is opened for.</summary>
internal enum LedgerMode
{
    /// <summary>To do its rows: a ledger that is not there is made, and the opener is a worker of it.</summary>
    Run,

    /// <summary>
    /// To do its rows, if the input is found good: a ledger that is not there counts as an empty one, and is made when the
    /// input is entered.
    /// </summary>
    RunAndCreateOnImport,

    /// <summary>To plan a run: nothing is written; a ledger that is not there counts as an empty one.</summary>
    Plan,

    /// <summary>To look at it: nothing is written, and it must be there.</summary>
    Read,
}
