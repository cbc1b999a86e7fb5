using FaceGen.Core.Tests.Support;
using FaceGen.Reporting;

namespace FaceGen.Core.Tests.Reporting;

/// <summary>Creates rows and images for reports.</summary>
internal static class Entries
{
    internal static readonly DateTimeOffset Begin = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    internal static Request Request(string prompt, string? style = null, int row = 1, string face = "https://cdn.example/face.png") => new()
    {
        Prompt = prompt,
        FaceImage = FaceImage.Parse(face, path => path),
        Style = style,
        Source = new RequestSource("/data/people.csv", row + 1, row),
    };

    internal static SavedImage Image(string file, Generation generation, int index = 1, bool filtered = false) => new(generation, ImageFormat.Png)
    {
        FullName = file,
        Length = 1234,
        Sha256 = new string('a', 64),
        Width = 80,
        Height = 90,
        Filtered = filtered,
        Index = index,
    };

    /// <summary>Creates a batch with every status: five slots, each row two seconds long; all images are the same file.</summary>
    internal static IEnumerable<BatchItem> Batch(int count, string image)
    {
        string[] styles = ["realistic", "comic", "chibi", "3d", "anime"];
        for (int i = 0; i < count; i++)
        {
            bool isSaved = i % 10 != 9;
            DateTimeOffset submitted = Begin.AddSeconds(i / 5 * 2);
            Request request = Request(i % 100 == 50 ? $"a cat, number {i}" : $"portrait {i}", styles[i % 5], i + 1);
            var generation = new Generation
            {
                Id = $"{100000 + i}", Request = request, Seed = 9007199254740993 + i, CreatedAt = submitted, Seconds = 1.5 + (i % 4),
            };
            yield return new BatchItem(isSaved ? BatchItemStatus.Saved : i % 20 == 9 ? BatchItemStatus.Failed : BatchItemStatus.Uncertain)
            {
                Request = request,
                Generation = isSaved ? generation : null,
                Files = isSaved ? new(Image(image, generation)) : new(),
                Attempts = 1,
                SubmittedAt = submitted,
                GeneratedAt = isSaved ? submitted.AddSeconds(2) : null,
                EndedAt = submitted.AddSeconds(2.3),
                ErrorCodeValue = isSaved ? null : i % 20 == 9 ? ErrorCode.RequestRefused : ErrorCode.SubmissionUncertain,
                Error = isSaved ? null : $"{request.Source}: The service did not like it.",
            };
        }
    }

    /// <summary>Writes a page and returns its path.</summary>
    internal static string Write(TemporaryFolder folder, IEnumerable<ReportEntry> entries, string title = "A report")
    {
        string path = folder.PathOf("report.html");
        using var writer = new ReportWriter(path, replace: true, title, Begin.AddHours(1));
        foreach (ReportEntry entry in entries) writer.Add(entry);
        writer.Commit();
        return path;
    }
}
