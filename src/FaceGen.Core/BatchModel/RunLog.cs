using System.Text.Json;
using FaceGen.Contract;
using FaceGen.Generating;

namespace FaceGen.BatchModel;

/// <summary>
/// Writes the log of a run as JSON Lines: one flat object for the start and the end of the run, each row that ends and each retry. It
/// never contains a key; the text of an error can quote a value of its row. Lines are written in the background; a log that cannot be
/// written does not stop the run.
/// </summary>
/// <param name="path">The full path of the file, to which lines are appended.</param>
/// <param name="time">The clock.</param>
/// <param name="log">Receives a warning when lines cannot be written.</param>
internal sealed class RunLog(string path, TimeProvider time, IEngineLog log)
{
    /// <summary>The number of lines that are kept while the file cannot be written; further ones are counted.</summary>
    internal const int MaxPendingLines = 10_000;

    private const string RunEnd = "RunEnd";

    private readonly object _gate = new();
    private readonly string _run = Guid.NewGuid().ToString("N");
    private readonly Queue<byte[]> _pending = new();
    private Task _writing = Task.CompletedTask;
    private long _droppedLines;
    private bool _isWriting;
    private bool _hasWarned;
    private bool _hasEnded;

    /// <summary>Checks that the file can be written, and creates it and its folder if they do not exist.</summary>
    /// <exception cref="FaceGenException">It cannot be written, or is another file: lines would damage a ledger or an input.</exception>
    internal bool VerifyWritable()
    {
        try
        {
            if (Path.GetDirectoryName(path) is { Length: > 0 } folder) Directory.CreateDirectory(folder);
            Open().Dispose();
            if (IsOtherFile()) throw new IOException("It is not a log");
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FaceGenException(ErrorCode.FileNotWritten, $"The log '{path}' cannot be written: {e.Message.TrimEnd('.')}. Nothing was sent. Give another -LogPath.", e);
        }
    }

    /// <summary>Writes the start of the run.</summary>
    internal void WriteBegin(string ledger, Uri service) => Append("RunBegin", json =>
    {
        json.WriteString("machine", Environment.MachineName);
        json.WriteString("ledger", ledger);
        json.WriteString("service", service.AbsoluteUri);
    });

    /// <summary>Writes the end of a row.</summary>
    internal void WriteRow(BatchItem item, FaceGenException? error) => Append("RowEnd", json =>
    {
        WriteRowFields(json, item.Source, item.Status, error);
        json.WriteString("id", item.Id);
        json.WriteNumber("attempts", item.Attempts);
        json.WriteNumber("files", item.Files.Count);
        if (item.EndedAt - item.SubmittedAt is { } duration) json.WriteNumber("seconds", Math.Round(duration.TotalSeconds, 3));
        else json.WriteNull("seconds");
    });

    /// <summary>Writes a row that is invalid, and not part of the batch.</summary>
    internal void WriteInvalidRow(RequestSource? row, FaceGenException error) => Append("RowEnd", json => WriteRowFields(json, row, "Invalid", error));

    /// <summary>Writes a submission that is sent again.</summary>
    internal void WriteRetry(RequestSource? row, FaceGenException reason) => Append("Retry", json => WriteRowFields(json, row, null, reason));

    /// <summary>Writes the end of a run with a summary; a second end is ignored.</summary>
    internal void WriteEnd(BatchSummary summary) => WriteEnd(summary.State, summary.FatalError, json =>
    {
        json.WriteNumber("rows", summary.Rows);
        json.WriteNumber("saved", summary.Saved);
        json.WriteNumber("filtered", summary.Filtered);
        json.WriteNumber("failed", summary.Failed);
        json.WriteNumber("expired", summary.Expired);
        json.WriteNumber("uncertain", summary.Uncertain);
        json.WriteNumber("pending", summary.Pending);
        json.WriteNumber("inProgress", summary.InProgress);
        json.WriteNumber("invalid", summary.Invalid);
        json.WriteNumber("submitted", summary.Submitted);
        json.WriteNumber("imagesPaid", summary.ImagesPaid);
        json.WriteNumber("seconds", summary.Seconds);
    });

    /// <summary>Writes the end of a run without a summary: <c>Stopped</c>, or <c>Failed</c> with its error.</summary>
    internal void WriteEnd(FaceGenException? error) => WriteEnd(error is null ? "Stopped" : "Failed", error, _ => { });

    /// <summary>Returns a task that completes when all lines are written, or cannot be written.</summary>
    internal Task FlushAsync()
    {
        lock (_gate)
        {
            StartWriting();
            return _writing;
        }
    }

    private static void WriteRowFields(Utf8JsonWriter json, RequestSource? row, string? status, FaceGenException? error)
    {
        json.WriteString("row", row?.ToString());
        if (status is not null) json.WriteString("status", status);
        json.WriteString("errorCode", error?.Code.ToString());
        json.WriteString("error", error?.Message);
    }

    private void WriteEnd(string state, FaceGenException? error, Action<Utf8JsonWriter> writeCounts)
    {
        lock (_gate)
        {
            if (_hasEnded) return;
            _hasEnded = true;
        }

        Append(RunEnd, json =>
        {
            json.WriteString("state", state);
            json.WriteString("errorCode", error?.Code.ToString());
            json.WriteString("error", error?.Message);
            writeCounts(json);
        });
    }

    private void Append(string name, Action<Utf8JsonWriter> writeFields)
    {
        byte[] line = CreateLine(name, writeFields);
        lock (_gate)
        {
            // The end of the run is never dropped.
            if (_pending.Count < MaxPendingLines || name == RunEnd)
            {
                EnqueueDropped();
                _pending.Enqueue(line);
            }
            else
            {
                _droppedLines++;
            }

            StartWriting();
        }
    }

    private byte[] CreateLine(string name, Action<Utf8JsonWriter> writeFields) =>
    [
        .. JsonObjectWriter.Write(json =>
        {
            json.WriteString("time", time.GetUtcNow().UtcDateTime);
            json.WriteString("event", name);
            json.WriteString("run", _run);
            writeFields(json);
        }),
        (byte)'\n',
    ];

    /// <summary>Adds a line with the number of lines that were dropped, if there are any.</summary>
    private void EnqueueDropped()
    {
        if (_droppedLines == 0) return;

        long lines = _droppedLines;
        _droppedLines = 0;
        _pending.Enqueue(CreateLine("LinesDropped", json => json.WriteNumber("lines", lines)));
    }

    private void StartWriting()
    {
        if (_isWriting || _pending.Count == 0) return;

        _isWriting = true;
        _writing = Task.Run(WritePending);
    }

    /// <summary>Writes the lines that wait. Lines that cannot be written are tried again with the next one.</summary>
    private void WritePending()
    {
        while (true)
        {
            byte[][] lines;
            lock (_gate)
            {
                if (_pending.Count == 0)
                {
                    _isWriting = false;
                    return;
                }

                lines = [.. _pending];
            }

            try
            {
                // The file is opened for each write, so that it can be rotated.
                using FileStream file = Open();
                byte[] text = [.. lines.SelectMany(line => line)];
                file.Write(text, 0, text.Length);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                lock (_gate) _isWriting = false;
                if (!_hasWarned) log.LogWarning($"The log '{path}' cannot be written: {e.Message.TrimEnd('.')}. The run continues, and the ledger records it. FaceGen tries again with the next line, and keeps up to {MaxPendingLines} lines meanwhile.");
                _hasWarned = true;
                return;
            }

            lock (_gate)
            {
                foreach (byte[] _ in lines) _pending.Dequeue();
                EnqueueDropped();
            }
        }
    }

    /// <summary>True if the file does not begin as JSON Lines.</summary>
    private bool IsOtherFile()
    {
        // A device or a pipe has no length, and is not read.
        if (new FileInfo(path).Length == 0) return false;

        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        return file.ReadByte() != '{';
    }

    private FileStream Open() => new(path, FileMode.Append, FileAccess.Write, FileShare.Read | FileShare.Delete);
}
