using System.Text.Json.Nodes;
using FaceGen.BatchModel;
using FaceGen.Core.Tests.Support;
using FaceGen.Generating;

namespace FaceGen.Core.Tests.BatchModel;

/// <summary>The log of a run as JSON Lines.</summary>
public sealed class RunLogTests : IEngineLog, IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _warnings = [];

    [Fact]
    public async Task Log_rotated_file_is_created_again()
    {
        string path = Path.Combine(_folder.FullName, "logs", "run.jsonl");
        RunLog log = Create(path);
        log.WriteRetry(new RequestSource("people.csv", 2, 1), new FaceGenException(ErrorCode.ServiceBusy, "Try again."));
        await log.FlushAsync();
        File.Move(path, path + ".1");
        log.WriteEnd(error: null);
        log.WriteEnd(error: null);
        await log.FlushAsync();

        JsonNode retry = JsonNode.Parse(Assert.Single(await File.ReadAllLinesAsync(path + ".1", TestContext.Current.CancellationToken)))!;
        JsonNode end = JsonNode.Parse(Assert.Single(await File.ReadAllLinesAsync(path, TestContext.Current.CancellationToken)))!;
        Assert.Equal(("Retry", "people.csv:2", "ServiceBusy", "Try again."), ((string?)retry["event"], (string?)retry["row"], (string?)retry["errorCode"], (string?)retry["error"]));
        Assert.Equal(("RunEnd", "Stopped", (string?)retry["run"]), ((string?)end["event"], (string?)end["state"], (string?)end["run"]));
        Assert.Empty(_warnings);
    }

    [Fact]
    public async Task Log_that_cannot_be_written_warns_once_and_keeps_the_lines()
    {
        string path = Path.Combine(_folder.FullName, "logs", "run.jsonl");
        RunLog log = Create(path);
        Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
        for (int row = 1; row <= 3; row++)
        {
            log.WriteInvalidRow(new RequestSource("", 0, row), new FaceGenException(ErrorCode.RequestInvalid, "Width must be 1 to 512."));
            await log.FlushAsync();
        }

        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await log.FlushAsync();

        Assert.Equal(["Input 1", "Input 2", "Input 3"],
            (await File.ReadAllLinesAsync(path, TestContext.Current.CancellationToken)).Select(line => (string?)JsonNode.Parse(line)!["row"]));
        Assert.StartsWith($"The log '{path}' cannot be written", Assert.Single(_warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Log_that_cannot_be_written_counts_the_lines_beyond_its_limit_and_keeps_the_end()
    {
        string path = Path.Combine(_folder.FullName, "logs", "run.jsonl");
        RunLog log = Create(path);
        Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
        for (int row = 1; row <= RunLog.MaxPendingLines + 5; row++) log.WriteRetry(new RequestSource("", 0, row), new FaceGenException(ErrorCode.ServiceBusy, "Busy."));
        log.WriteEnd(error: null);
        await log.FlushAsync();

        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await log.FlushAsync();

        string[] lines = await File.ReadAllLinesAsync(path, TestContext.Current.CancellationToken);
        Assert.Equal(RunLog.MaxPendingLines + 2, lines.Length);
        Assert.Equal(("LinesDropped", 5), ((string?)JsonNode.Parse(lines[^2])!["event"], (int?)JsonNode.Parse(lines[^2])!["lines"]));
        Assert.Equal("RunEnd", (string?)JsonNode.Parse(lines[^1])!["event"]);
    }

    [Theory]
    [InlineData("SQLite format 3")]
    [InlineData("prompt,face_image")]
    public void Log_is_not_appended_to_another_file(string content)
    {
        string path = Path.Combine(_folder.FullName, "facegen.ledger");
        File.WriteAllText(path, content);

        FaceGenException error = Assert.Throws<FaceGenException>(() => Create(path));

        Assert.Equal((ErrorCode.FileNotWritten, $"The log '{path}' cannot be written: It is not a log. Nothing was sent. Give another -LogPath."), (error.Code, error.Message));
        Assert.Equal(content, File.ReadAllText(path));
    }

    void IEngineLog.LogVerbose(string message) { }

    void IEngineLog.LogWarning(string message) => _warnings.Add(message);

    public void Dispose() => _folder.Dispose();

    private RunLog Create(string path)
    {
        var log = new RunLog(path, TimeProvider.System, this);
        log.VerifyWritable();
        return log;
    }
}
