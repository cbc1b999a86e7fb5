using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using FaceGen.Core.Tests.Support;
using FaceGen.Reporting;

namespace FaceGen.Core.Tests.Reporting;

/// <summary>Tests the file of a report.</summary>
public sealed class ReportWriterTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Policy_allows_own_style_and_script_only()
    {
        string page = Page([]);

        string policy = Regex.Match(page, "Content-Security-Policy\" content=\"([^\"]*)\"").Groups[1].Value;
        Assert.StartsWith("default-src 'none'; ", policy, StringComparison.Ordinal);
        Assert.Contains($"script-src '{Hash(Regex.Match(page, "<script>(.*?)</script>", RegexOptions.Singleline))}';", policy, StringComparison.Ordinal);
        Assert.Contains($"style-src '{Hash(Regex.Match(page, "<style>(.*?)</style>", RegexOptions.Singleline))}';", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("http", policy, StringComparison.Ordinal);
        // A browser normalizes line ends before it computes the hash.
        Assert.DoesNotContain('\r', page);
        Assert.DoesNotContain("{{", page, StringComparison.Ordinal);
    }

    [Fact]
    public void Page_loads_nothing_else()
    {
        string page = Page([]);

        Assert.Equal(["http://www.w3.org/2000/svg"], Regex.Matches(page, "https?://[^'\" ]*").Select(match => match.Value));
        Assert.DoesNotContain("innerHTML", page, StringComparison.Ordinal);
        Assert.DoesNotMatch("<(link|iframe|object|embed|base)\\b|@import|url\\(|\\sstyle=|\\son[a-z]+=", page);
    }

    [Fact]
    public void Text_cannot_end_its_block()
    {
        const string Prompt = "</script><script>alert(1)</script><!-- & 'x' \"y\" \u2028\u2029 雪 \uD83D";
        string page = Page([new ReportEntry { Status = BatchItemStatus.Failed, Prompt = Prompt, Error = Prompt, Style = Prompt, Row = Prompt }],
            "</title><script>alert(2)</script>{{script}}{{data}}");

        string data = Regex.Match(page, "id=\"data\">(.*?)</script>", RegexOptions.Singleline).Groups[1].Value;
        Assert.DoesNotMatch("[<>&'\u2028\u2029]|[^\\x20-\\x7E]", data);
        Assert.Equal(Prompt.Replace("\uD83D", "\uFFFD", StringComparison.Ordinal), (string?)JsonNode.Parse(data)!["items"]![0]!["prompt"]);
        Assert.Equal(2, Regex.Count(page, "<script"));
        Assert.Contains("<title>&lt;/title&gt;&lt;script&gt;alert(2)&lt;/script&gt;", page, StringComparison.Ordinal);
    }

    [Fact]
    public void Entry_has_request_and_outcome()
    {
        BatchItem[] batch = [.. Entries.Batch(10, _folder.PathOf("a #1.png"))];

        JsonArray items = Items(batch.Select(ReportEntry.From));

        JsonNode saved = items[0]!, failed = items[9]!;
        Assert.Equal("Saved", (string?)saved["status"]);
        Assert.Equal("9007199254740993", (string?)saved["seed"]);
        Assert.Equal("people.csv:2", (string?)saved["row"]);
        Assert.Equal(Entries.Begin.ToUnixTimeMilliseconds(), (long?)saved["submitted"]);
        Assert.Equal(Entries.Begin.AddSeconds(2).ToUnixTimeMilliseconds(), (long?)saved["generated"]);
        Assert.Equal("a%20%231.png", (string?)saved["files"]![0]!["src"]);
        Assert.Equal(("Failed", "RequestRefused", "The service did not like it."), ((string?)failed["status"], (string?)failed["code"], (string?)failed["error"]));
        Assert.Empty(failed["files"]!.AsArray());
    }

    [Fact]
    public void Entry_has_no_secrets()
    {
        Request request = Entries.Request("p", face: "https://user:pass@cdn.example/faces/me.png?signature=abc#part") with
        {
            Webhook = new Uri("https://hook.example/secret-path"),
            GuidanceScale = 7.5,
            SafetyChecker = true,
        };

        string page = Page([ReportEntry.From(new BatchItem(BatchItemStatus.Pending) { Request = request })]);

        Assert.DoesNotMatch("user:|pass@|signature|hook|secret-path", page);
        JsonNode parameters = Items([ReportEntry.From(new BatchItem(BatchItemStatus.Pending) { Request = request })])[0]!["parameters"]!;
        Assert.Equal("https://cdn.example/faces/me.png", (string?)parameters["face_image"]);
        Assert.Equal(("7.5", "true"), ((string?)parameters["guidance_scale"], (string?)parameters["safety_checker"]));
    }

    [Fact]
    public void Entry_of_image_with_id_alone_is_written()
    {
        var generation = new Generation { Id = "7" };

        JsonNode item = Items([ReportEntry.From(Entries.Image(_folder.PathOf("x.png"), generation, filtered: true))])[0]!;

        Assert.Equal(("Filtered", "7"), ((string?)item["status"], (string?)item["id"]));
        Assert.Null(item["style"]);
    }

    [Fact]
    public void Writer_without_commit_leaves_no_file()
    {
        string path = _folder.Write("report.html", [1]);

        using (var writer = new ReportWriter(path, replace: true, "t", Entries.Begin))
            foreach (BatchItem item in Entries.Batch(2000, "/x.png")) writer.Add(ReportEntry.From(item));

        Assert.Equal([1], File.ReadAllBytes(path));
        Assert.Equal(["report.html"], _folder.Files);
        Assert.Equal(ErrorCode.FileExists, Assert.Throws<FaceGenException>(() => new ReportWriter(path, replace: false, "t", Entries.Begin)).Code);
    }

    private string Page(IEnumerable<ReportEntry> entries, string title = "A report") => File.ReadAllText(Entries.Write(_folder, entries, title));

    private JsonArray Items(IEnumerable<ReportEntry> entries) =>
        JsonNode.Parse(Regex.Match(Page(entries), "id=\"data\">(.*?)</script>", RegexOptions.Singleline).Groups[1].Value)!["items"]!.AsArray();

    private static string Hash(Match match) =>
        "sha256-" + Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(match.Groups[1].Value)));
}
