using FaceGen.Generating;

namespace FaceGen.PowerShell.Pipeline;

/// <summary>
/// The finished generations that a command has emitted. Until the command ends they stay in the account's list, since what a
/// stopped command was to give to a variable never gets there; how many of them is bounded, however long the pipeline is.
/// </summary>
internal sealed class EmittedGenerations
{
    /// <summary>How many are kept that are not saved.</summary>
    internal const int Capacity = 10_000;

    private List<(Account Account, string Id)> _ids = [];

    /// <summary>Takes a generation that has been emitted.</summary>
    /// <returns>True if there are too many, so that the oldest are not in the account's list any more.</returns>
    internal bool Add(Account account, string id)
    {
        account.MarkEmitted(id);
        _ids.Add((account, id));
        if (_ids.Count <= Capacity) return false;

        // Those whose images stand in files have left the list already.
        _ids = [.. _ids.Where(one => one.Account.Find(one.Id) is not null)];
        int surplus = _ids.Count - (Capacity * 3 / 4);
        if (surplus <= 0) return false;

        foreach ((Account owner, string old) in _ids.Take(surplus)) owner.MarkSeen(old);
        _ids.RemoveRange(0, surplus);
        return true;
    }

    /// <summary>The command has ended: its output has arrived.</summary>
    internal void MarkSeen()
    {
        foreach ((Account account, string id) in _ids) account.MarkSeen(id);
        _ids.Clear();
    }
}
