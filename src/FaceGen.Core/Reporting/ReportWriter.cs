using System.Globalization;
using System.Text;
using System.Text.Json;
using FaceGen.BatchModel;
using FaceGen.Contract;
using FaceGen.Saving;

namespace FaceGen.Reporting;

/// <summary>Writes a report entry by entry, with bounded memory.</summary>
internal sealed class ReportWriter : IDisposable
{
    private const int MaxPendingBytes = 1 << 16;

    private readonly PartFile _file;
    private readonly string _folder;
    private readonly string _tail;
    private readonly Utf8JsonWriter _json;
    private readonly MemoryStream _pending = new();

    /// <summary>Starts a report.</summary>
    /// <param name="path">The full path of the file.</param>
    /// <param name="replace">True to replace an existing file.</param>
    /// <param name="title">The title of the page.</param>
    /// <param name="createdAt">When the report is created.</param>
    /// <exception cref="FaceGenException">The file exists already, or cannot be written.</exception>
    internal ReportWriter(string path, bool replace, string title, DateTimeOffset createdAt)
    {
        _folder = Path.GetDirectoryName(path)!;
        (string head, _tail) = ReportPage.CreateFrame(title);
        _file = new PartFile(FileStorage.System, path, replace);
        Write(head);

        // The default encoder is the strict one: it escapes every character that could end the script block, and all but ASCII.
        _json = new Utf8JsonWriter(_pending);
        _json.WriteStartObject();
        _json.WriteNumber("made", createdAt.ToUnixTimeMilliseconds());
        // In the order of the page: ended rows first.
        WriteStatuses("statuses", [.. BatchStages.GetStatuses(BatchStage.Saved, BatchStage.Failed, BatchStage.Uncertain),
            .. BatchStages.GetStatuses(BatchStage.Pending, BatchStage.InFlight, BatchStage.Accepted).Reverse()]);
        WriteStatuses("failures", BatchStages.GetStatuses(BatchStage.Failed, BatchStage.Uncertain));
        _json.WriteStartArray("items");
    }

    /// <summary>Gets the number of entries.</summary>
    internal int Count { get; private set; }

    /// <summary>Adds an entry.</summary>
    /// <exception cref="FaceGenException">The file cannot be written.</exception>
    internal void Add(ReportEntry entry)
    {
        Count++;
        _json.WriteStartObject();
        _json.WriteString("status", entry.Status.ToString());
        WriteText("prompt", entry.Prompt);
        WriteText("style", entry.Style);
        // A seed may have more digits than a JavaScript number.
        WriteText("seed", entry.Seed?.ToString(CultureInfo.InvariantCulture));
        WriteText("id", entry.Id);
        WriteText("row", entry.Row);
        if (entry.Attempts > 0) _json.WriteNumber("attempts", entry.Attempts);
        WriteTime("submitted", entry.SubmittedAt);
        WriteTime("generated", entry.GeneratedAt);
        WriteTime("ended", entry.EndedAt);
        WriteTime("expires", entry.ExpiresAt);
        if (entry.Seconds is { } seconds) _json.WriteShortestNumber("seconds", seconds);
        WriteText("code", entry.ErrorCode);
        WriteText("error", entry.Error);
        _json.WriteStartObject("parameters");
        foreach (KeyValuePair<string, string> parameter in entry.Parameters) WriteText(parameter.Key, parameter.Value);
        _json.WriteEndObject();
        _json.WriteStartArray("files");
        foreach (SavedImage file in entry.Files) WriteFile(file);
        _json.WriteEndArray();
        _json.WriteEndObject();
        if (_json.BytesPending + _pending.Length > MaxPendingBytes) Flush();
    }

    /// <summary>Completes the page and renames the file to its final name.</summary>
    /// <exception cref="FaceGenException">The file exists already, or cannot be written.</exception>
    internal void Commit()
    {
        _json.WriteEndArray();
        _json.WriteEndObject();
        Flush();
        Write(_tail);
        _file.Commit();
    }

    public void Dispose()
    {
        _json.Dispose();
        _pending.Dispose();
        _file.Dispose();
    }

    private void WriteFile(SavedImage file)
    {
        _json.WriteStartObject();
        WriteText("src", FileLink.Create(_folder, file.FullName));
        WriteText("name", DisplayText.GetFileName(file.FullName));
        WriteText("format", file.Format);
        _json.WriteNumber("width", file.Width);
        _json.WriteNumber("height", file.Height);
        _json.WriteNumber("length", file.Length);
        WriteText("sha256", file.Sha256);
        if (file.Filtered) _json.WriteBoolean("filtered", true);
        _json.WriteEndObject();
    }

    private void WriteStatuses(string name, IEnumerable<BatchItemStatus> statuses)
    {
        _json.WriteStartArray(name);
        foreach (BatchItemStatus status in statuses) _json.WriteStringValue(status.ToString());
        _json.WriteEndArray();
    }

    private void WriteText(string name, string? text)
    {
        if (text is { Length: > 0 }) _json.WriteString(name, text);
    }

    private void WriteTime(string name, DateTimeOffset? time)
    {
        if (time is { } at) _json.WriteNumber(name, at.ToUnixTimeMilliseconds());
    }

    private void Flush()
    {
        _json.Flush();
        _file.Write(_pending.WriteTo);
        _pending.SetLength(0);
    }

    private void Write(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        _file.Write(stream => stream.Write(bytes, 0, bytes.Length));
    }
}
