using System.Text.Json;
using FaceGen.Contract;
using FsCheck;
using FsCheck.Xunit;

namespace FaceGen.Batches.Tests.Requests;

/// <summary>Whatever people write into a file comes back from it.</summary>
public sealed class RoundTripProperties : IDisposable
{
    private readonly RequestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Property(Arbitrary = [typeof(TextGenerators)])]
    public void Prompts_round_trip_through_CSV(WritableText[] prompts, WritableText[] notes, CsvStyle style)
    {
        var file = new CsvText(style);
        file.AddRow("note", "Prompt", "face_image");
        var lines = new List<int>();
        for (int i = 0; i < prompts.Length; i++)
        {
            lines.Add(file.Line);
            file.AddRow(notes.Length == 0 ? "" : notes[i % notes.Length].Value, prompts[i].Value, RequestFolder.Face);
            if (style.EmptyLines) file.AddEmptyLine();
        }

        IReadOnlyList<RequestRow> rows = _folder.Rows("people.csv", file.ToString());

        Assert.Equal(prompts.Select(prompt => CsvText.AsRead(prompt.Value)), rows.Prompts());
        Assert.Equal(lines, rows.Lines());
    }

    [Property(Arbitrary = [typeof(TextGenerators)])]
    public void Prompts_round_trip_through_JSON(WritableText[] prompts, bool indented)
    {
        string text = JsonSerializer.Serialize(
            prompts.Select(prompt => new { prompt = prompt.Value, face_image = RequestFolder.Face }),
            indented ? Indented : JsonSerializerOptions.Default);

        IReadOnlyList<RequestRow> rows = _folder.Rows("people.json", text);

        Assert.Equal(prompts.Select(prompt => CsvText.AsRead(prompt.Value)), rows.Prompts());
        Assert.Equal(prompts.Select((_, i) => indented ? 2 + (4 * i) : 1), rows.Lines());
    }

    [Property(Arbitrary = [typeof(TextGenerators)])]
    public void Prompts_round_trip_through_JSON_Lines(NonEmptyArray<WritableText> prompts)
    {
        string text = string.Join('\n', prompts.Get.Select(
            prompt => JsonSerializer.Serialize(new { face_image = RequestFolder.Face, prompt = prompt.Value })));

        IReadOnlyList<RequestRow> rows = _folder.Rows("people.jsonl", text);

        Assert.Equal(prompts.Get.Select(prompt => CsvText.AsRead(prompt.Value)), rows.Prompts());
        Assert.Equal(Enumerable.Range(1, prompts.Get.Length), rows.Lines());
    }

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };
}
