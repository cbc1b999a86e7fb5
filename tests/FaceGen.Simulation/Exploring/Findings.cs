using System.Diagnostics;
using System.Globalization;

namespace FaceGen.Simulation.Exploring;

/// <summary>Collects what many histories found: how many failed, and the first failure of each kind.</summary>
/// <param name="limit">How long histories are added; null for any time.</param>
internal sealed class Findings(TimeSpan? limit = null)
{
    private readonly Dictionary<string, (Failure First, int Count)> _kinds = [];
    private readonly Stopwatch _watch = Stopwatch.StartNew();

    /// <summary>Gets how many histories were run.</summary>
    internal int Histories { get; private set; }

    /// <summary>Gets the first failure of each kind.</summary>
    internal IEnumerable<Failure> Failures => _kinds.Values.Select(kind => kind.First);

    /// <summary>True once no more histories are to be added.</summary>
    internal bool IsOver => _watch.Elapsed > limit;

    /// <summary>Gets the counts, in lines that a script can read.</summary>
    internal IEnumerable<string> Counts =>
    [
        string.Create(CultureInfo.InvariantCulture, $"{Histories} histories, {_kinds.Values.Sum(kind => kind.Count)} failed, {_watch.Elapsed.TotalSeconds:0} s"),
        .. _kinds.OrderByDescending(kind => kind.Value.Count).Select(kind => string.Create(CultureInfo.InvariantCulture, $"{kind.Value.Count} x {kind.Key.Split('\n')[0].TrimEnd()}")),
    ];

    /// <summary>Adds a history.</summary>
    /// <param name="failure">How it failed; null if every rule held.</param>
    internal void Add(Failure? failure)
    {
        Histories++;
        if (failure is not null)
            _kinds[failure.Kind] = _kinds.TryGetValue(failure.Kind, out (Failure First, int Count) known) ? known with { Count = known.Count + 1 } : (failure, 1);
    }
}
