using System.Diagnostics;
using System.Management.Automation;

namespace FaceGen.PowerShell.Pipeline;

/// <summary>Shows how far a cmdlet is, at most once a second.</summary>
internal sealed class ProgressMeter(string activity)
{
    private static int _lastId;

    private readonly int _id = Interlocked.Increment(ref _lastId);
    private readonly Stopwatch _sinceShown = Stopwatch.StartNew();
    private bool _isShown;

    /// <summary>How many pieces of work were begun.</summary>
    internal int Total { get; set; }

    internal void Show(Cmdlet cmdlet, int running)
    {
        if (_sinceShown.Elapsed < TimeSpan.FromSeconds(1)) return;

        _sinceShown.Restart();
        _isShown = true;
        cmdlet.WriteProgress(new ProgressRecord(_id, activity, $"{Total - running} done, {running} under way"));
    }

    internal void Complete(Cmdlet cmdlet)
    {
        if (_isShown) cmdlet.WriteProgress(new ProgressRecord(_id, activity, "done") { RecordType = ProgressRecordType.Completed });
    }
}
