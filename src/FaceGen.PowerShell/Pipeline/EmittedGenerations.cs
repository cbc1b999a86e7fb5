using FaceGen.Generating;

namespace FaceGen.PowerShell.Pipeline;

/// <summary>
/// Keeps the finished generations that a command has emitted in the account's list until the command ends: what a stopped
/// command had in a variable is lost, and the list is then the only way to the images.
/// </summary>
/// <remarks>
/// An entry is an id. It leaves when its images are saved or have expired, so that the service's speed and 24 hours bound
/// the memory, not the length of the pipeline.
/// </remarks>
internal sealed class EmittedGenerations
{
    /// <summary>The fewest entries that are checked for those that have left the account's list.</summary>
    private const int MinimumTrimCount = 1_000;

    private List<(Account Account, string Id)> _ids = [];
    private int _trimAt = MinimumTrimCount;

    /// <summary>Adds a generation that has been emitted.</summary>
    internal void Add(Account account, string id)
    {
        account.MarkEmitted(id);
        _ids.Add((account, id));
        if (_ids.Count < _trimAt) return;

        _ids = [.. _ids.Where(one => one.Account.Find(one.Id) is not null)];
        _trimAt = Math.Max(MinimumTrimCount, 2 * _ids.Count);
    }

    /// <summary>Marks all of them as seen: the command has ended, and its output has arrived.</summary>
    internal void AcknowledgeAll()
    {
        foreach ((Account account, string id) in _ids) account.MarkSeen(id);
        _ids.Clear();
    }
}
