using System.Globalization;
using System.Management.Automation;
using System.Text;

namespace FaceGen.Console.Output;

/// <summary>One line at the bottom of a terminal that tells how far the work is, redrawn in place.</summary>
/// <param name="writer">The terminal.</param>
/// <param name="width">The terminal's columns at the time of asking.</param>
/// <param name="time">The clock.</param>
internal sealed class ProgressLine(TextWriter writer, Func<int> width, TimeProvider time)
{
    /// <summary>The shortest time between two drawings.</summary>
    internal static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private const int BarLength = 20;
    private const string StartOfLine = "\r";
    private const string EraseToEnd = "\e[K";

    private (long Source, int Activity)? _shown;
    private long? _drawnAt;

    /// <summary>
    /// Shows a record, unless the last drawing was a moment ago; a completed one takes the line away.
    /// </summary>
    internal void Show(long source, ProgressRecord record)
    {
        if (record.RecordType == ProgressRecordType.Completed)
        {
            if (_shown == (source, record.ActivityId))
                Hide();
            return;
        }

        if (_drawnAt is { } before && time.GetElapsedTime(before) < Interval)
            return;

        // A line as wide as the terminal would wrap, and could not be drawn over.
        int room = width() - 1;
        string line = Describe(record, hasBar: true);
        // Where not all has room, the bar goes first: the figures say the same.
        if (CellWidth.Of(line) > room) line = Describe(record, hasBar: false);
        writer.Write(StartOfLine + CellWidth.Clip(line, room) + EraseToEnd);
        _shown = (source, record.ActivityId);
        _drawnAt = time.GetTimestamp();
    }

    /// <summary>Takes the line away; what is written next begins at its start.</summary>
    internal void Hide()
    {
        if (_shown is null)
            return;

        writer.Write(StartOfLine + EraseToEnd);
        _shown = null;
    }

    private static string Describe(ProgressRecord record, bool hasBar)
    {
        var figures = new StringBuilder();
        if (record.PercentComplete is >= 0 and <= 100 and int percent)
        {
            int done = BarLength * percent / 100;
            if (hasBar)
                figures.Append(" [").Append('#', done).Append('.', BarLength - done).Append(']');
            figures.Append(CultureInfo.InvariantCulture, $" {percent}%");
        }

        if (record.SecondsRemaining >= 0)
            figures.Append(CultureInfo.InvariantCulture, $" {TimeSpan.FromSeconds(record.SecondsRemaining):c} left");

        string status = string.IsNullOrWhiteSpace(record.StatusDescription) ? "" : $": {record.StatusDescription}";
        string operation = string.IsNullOrWhiteSpace(record.CurrentOperation) ? "" : $" {record.CurrentOperation}";
        return (hasBar ? $"{record.Activity}{status}{figures}{operation}" : $"{record.Activity}{figures}{status}{operation}").ReplaceLineEndings(" ");
    }
}
