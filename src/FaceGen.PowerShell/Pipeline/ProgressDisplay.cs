using System.Diagnostics;
using System.Management.Automation;

namespace FaceGen.PowerShell.Pipeline;

/// <summary>Shows the progress of a cmdlet, at most once a second.</summary>
internal sealed class ProgressDisplay(string activity)
{
    private static int _lastId;

    private readonly int _id = Interlocked.Increment(ref _lastId);
    private readonly Stopwatch _sinceUpdate = Stopwatch.StartNew();
    private bool _isShown;

    /// <summary>Gets or sets the number of started tasks.</summary>
    internal int Total { get; set; }

    internal void Show(Cmdlet cmdlet, int running) => Show(cmdlet, () => new State($"{Total - running} done, {running} in progress"));

    internal void Show(Cmdlet cmdlet, Func<State> getState)
    {
        if (_sinceUpdate.Elapsed < TimeSpan.FromSeconds(1)) return;

        _sinceUpdate.Restart();
        _isShown = true;
        State state = getState();
        cmdlet.WriteProgress(new ProgressRecord(_id, activity, state.Status)
        {
            CurrentOperation = state.Operation,
            PercentComplete = state.Percent,
            SecondsRemaining = (int?)state.TimeLeft?.TotalSeconds ?? -1,
        });
    }

    internal void Complete(Cmdlet cmdlet)
    {
        if (_isShown) cmdlet.WriteProgress(new ProgressRecord(_id, activity, "done") { RecordType = ProgressRecordType.Completed });
    }

    /// <summary>The progress to show.</summary>
    /// <param name="Status">The text.</param>
    internal sealed record State(string Status)
    {
        internal string Operation { get; init; } = "";

        /// <summary>Gets the percentage; -1 if it is unknown.</summary>
        internal int Percent { get; init; } = -1;

        internal TimeSpan? TimeLeft { get; init; }
    }
}
