using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace FaceGen.LiveCheck.Tests;

public sealed partial class RedactionTests
{
    /// <summary>The length of a part of base64 that identifies an image.</summary>
    private const int PartLength = 24;

    [Fact]
    public async Task Report_has_no_key_no_link_and_no_bytes_of_images()
    {
        await using LiveCheckFixture fixture = await LiveCheckFixture.StartAsync();
        List<string> secrets = [LiveCheckFixture.Key, Uri.EscapeDataString(LiveCheckFixture.Key), Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(LiveCheckFixture.Key))];

        // A service that repeats everything in every field.
        LiveCheckResult result = await fixture.RunAsync("--yes", environment => environment with
        {
            WrapHandler = handler => new EditingHandler(handler)
            {
                OnResponse = (_, body, json) =>
                {
                    foreach (string field in (string[])["output", "proxy_links", "future_links", "fetch_result"])
                        secrets.AddRange(GetTexts(json[field]));
                    string echo = body.ToJsonString();
                    json["message"] = $"{echo} {json["message"]}";
                    json["tip"] = echo.Replace("/", "\\/", StringComparison.Ordinal);
                    json["echo"] = body.DeepClone();
                    json["short"] = new JsonArray("data:image/jpeg;base64,/9j/4AAQSkZJRgAB", "see cdn.example.org/a/b1.png", "https%3A%2F%2Fcdn.example.org%2Fc", $"key={LiveCheckFixture.Key}");
                    json[$"name {LiveCheckFixture.Key}"] = 1;
                },
            },
        });

        string report = result.Report.Replace("\\u002B", "+", StringComparison.Ordinal).Replace("\\/", "/", StringComparison.Ordinal);
        Assert.True(secrets.Count > 20);
        Assert.All(secrets, secret => Assert.DoesNotContain(secret, report, StringComparison.OrdinalIgnoreCase));
        Assert.DoesNotContain("://", report, StringComparison.Ordinal);
        Assert.DoesNotContain("example.org", report, StringComparison.Ordinal);
        Assert.DoesNotContain(fixture.Host.BaseUri.Authority, report, StringComparison.Ordinal);
        Assert.DoesNotContain("4AAQSkZJRgAB", report, StringComparison.Ordinal);
        Assert.DoesNotContain(Base64Run().Matches(report), match => match.Value.Any(char.IsAsciiDigit));
        HashSet<string> parts = [.. Enumerable.Range(0, report.Length - PartLength).Select(start => report.Substring(start, PartLength))];
        foreach (string image in result.Images.Select(name => Path.Combine(result.Folder!, name)).Append(Path.Combine(AppContext.BaseDirectory, "face.jpg")))
        {
            string base64 = Convert.ToBase64String(await File.ReadAllBytesAsync(image));
            HashSet<string>.AlternateLookup<ReadOnlySpan<char>> lookup = parts.GetAlternateLookup<ReadOnlySpan<char>>();
            for (int start = 0; start < base64.Length - PartLength; start++) Assert.False(lookup.Contains(base64.AsSpan(start, PartLength)));
        }

        // The redaction leaves what the report is for.
        Assert.Contains("\"processing_count\": ", report, StringComparison.Ordinal);
        Assert.Contains("### link: POST api/v6/image_editing/face_gen", report, StringComparison.Ordinal);
        Assert.Contains("[link 1]", report, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Report_has_no_balance()
    {
        await using LiveCheckFixture fixture = await LiveCheckFixture.StartAsync();

        LiveCheckResult result = await fixture.RunAsync("--yes --max-images 1");

        Assert.Contains("\"balance\": \"[number]\"", result.Report, StringComparison.Ordinal);
        Assert.DoesNotContain("99.99", result.Report, StringComparison.Ordinal);
    }

    private static IEnumerable<string> GetTexts(JsonNode? value) => value switch
    {
        JsonArray items => items.SelectMany(GetTexts),
        JsonValue text when text.TryGetValue(out string? link) && link.Contains("://", StringComparison.Ordinal) => [link, new Uri(link).AbsolutePath],
        _ => [],
    };

    [GeneratedRegex("[A-Za-z0-9+=]{20,}")]
    private static partial Regex Base64Run();
}
