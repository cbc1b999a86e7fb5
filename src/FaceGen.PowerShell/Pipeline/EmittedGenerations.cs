using FaceGen.Generating;

namespace FaceGen.PowerShell.Pipeline;

/// <summary>
/// Remembers the ids that a command has emitted, until it ends. The output of a stopped command is lost, and the account's
/// list of pending generations is then the only way to the images.
/// </summary>
internal sealed class EmittedGenerations
{
    /// <summary>The smallest number of ids at which those that have left the account's list are removed.</summary>
    private const int MinimumTrimCount = 1_000;

    private readonly List<(Account Account, string Id)> _pending = [];
    private List<(Account Account, string Id)> _finished = [];
    private int _trimAt = MinimumTrimCount;

    /// <summary>Adds a generation that has been emitted.</summary>
    internal void Add(Account account, Generation generation)
    {
        if (!generation.IsFinished)
        {
            _pending.Add((account, generation.Id));
            return;
        }

        account.MarkEmitted(generation.Id);
        _finished.Add((account, generation.Id));
        if (_finished.Count < _trimAt) return;

        _finished = [.. _finished.Where(item => item.Account.Find(item.Id) is not null)];
        _trimAt = Math.Max(MinimumTrimCount, 2 * _finished.Count);
    }

    /// <summary>Acknowledges the outcomes of the finished generations and the ids of the pending ones: the command has succeeded.</summary>
    internal void AcknowledgeAll()
    {
        foreach ((Account account, string id) in _finished) account.MarkAcknowledged(id);
        foreach ((Account account, string id) in _pending) account.MarkIdAcknowledged(id);
    }
}
