using System.Management.Automation;
using FaceGen.Console.Output;
using Microsoft.Extensions.Time.Testing;

namespace FaceGen.Console.Tests.Output;

public sealed class ProgressLineTests : IDisposable
{
    private const string Erased = "\r\e[K";

    private readonly FakeTimeProvider _time = new();
    private readonly StringWriter _terminal = new();
    private readonly ProgressLine _line;

    public ProgressLineTests() => _line = new ProgressLine(_terminal, () => 80, _time);

    public void Dispose() => _terminal.Dispose();

    [Fact]
    public void A_record_is_drawn_as_one_line_in_place()
    {
        _line.Show(0, new ProgressRecord(1, "Generating", "3 of 12") { PercentComplete = 25, SecondsRemaining = 65 });

        Assert.Equal("\rGenerating: 3 of 12 [#####...............] 25% 00:01:05 left\e[K", _terminal.ToString());
    }

    [Fact]
    public void Where_the_line_has_no_room_for_all_the_bar_is_left_out_and_the_figures_come_first()
    {
        _line.Show(0, new ProgressRecord(1, "Batch", "1800 of 10000 done, 12 failed, 15 under way, 236.4/min") { PercentComplete = 18, SecondsRemaining = 2052 });

        Assert.Equal("\rBatch 18% 00:34:12 left: 1800 of 10000 done, 12 failed, 15 under way, 236.4/min\e[K", _terminal.ToString());
    }

    [Fact]
    public void A_long_record_never_fills_the_line()
    {
        _line.Show(0, new ProgressRecord(1, new string('a', 100), "b"));

        Assert.Equal($"\r{new string('a', 78)}…\e[K", _terminal.ToString());
    }

    [Fact]
    public void Records_in_quick_succession_are_drawn_once()
    {
        _line.Show(0, new ProgressRecord(1, "Generating", "one"));
        _line.Show(0, new ProgressRecord(1, "Generating", "two"));
        _time.Advance(ProgressLine.Interval);
        _line.Show(0, new ProgressRecord(1, "Generating", "three"));

        Assert.Equal("\rGenerating: one\e[K\rGenerating: three\e[K", _terminal.ToString());
    }

    [Fact]
    public void Completion_takes_the_line_away_at_once()
    {
        _line.Show(0, new ProgressRecord(1, "Generating", "one"));
        _line.Show(0, new ProgressRecord(1, "Generating", "one") { RecordType = ProgressRecordType.Completed });
        _line.Hide();

        Assert.Equal($"\rGenerating: one\e[K{Erased}", _terminal.ToString());
    }

    [Fact]
    public void The_completion_of_another_activity_changes_nothing()
    {
        _line.Show(0, new ProgressRecord(1, "Generating", "one"));
        _line.Show(0, new ProgressRecord(2, "Saving", "two") { RecordType = ProgressRecordType.Completed });

        Assert.Equal("\rGenerating: one\e[K", _terminal.ToString());
    }
}
