using System.Management.Automation;
using System.Text;
using System.Text.Json;
using FaceGen.PowerShell.Tests.Hosting;
using SkiaSharp;

namespace FaceGen.PowerShell.Tests.Commands;

public sealed class ProvenanceTests
{
    private static readonly string[] Fields =
    [
        "Prompt", "NegativePrompt", "FaceImage", "Width", "Height", "NumInferenceSteps", "GuidanceScale", "SScale", "Samples", "SafetyChecker",
        "SafetyCheckerType", "Base64", "Style", "Seed", "Webhook", "TrackId",
    ];

    [Theory]
    [InlineData("-NegativePrompt 'blurry; \"dull\"' -Width 64 -Height 80 -NumInferenceSteps 41 -GuidanceScale 7.1 -SScale 0.3 -Samples 2 -SafetyChecker $true -SafetyCheckerType blur -Base64 -Style 3d -Seed 9007199254740993 -Webhook https://example.org/hook -TrackId 77")]
    [InlineData("-SafetyChecker $false -Seed 0")]
    public async Task Sidecar_piped_back_repeats_the_request(string parameters)
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        PSObject first = fixture.Run($"param($face, $out) New-FaceGenImage \"Zoë's\n<portrait>\" $face {parameters} -OutVariable generation | Save-FaceGenOutput $out -Sidecar; $generation", fixture.Face, fixture.OutputFolder)
            .WithoutErrors().Output[^1];
        string sidecar = Directory.GetFiles(fixture.OutputFolder, "*.json").Order(StringComparer.Ordinal).First();

        ScriptResult piped = fixture.Run("param($sidecar) $sidecar | New-FaceGenImage", FromJson(sidecar)).WithoutErrors();
        ScriptResult read = fixture.Run("param($file) Import-FaceGenRequest $file | New-FaceGenImage", sidecar).WithoutErrors();

        Assert.All([piped, read], result => Assert.Equal(DescribeRequest(first), DescribeRequest(result.Single)));
        Assert.Empty(read.Warnings);
    }

    [Fact]
    public async Task Sidecar_repeats_the_seed_chosen_by_the_service()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        fixture.Run("param($face, $out) New-FaceGenImage p $face -Width 64 | Save-FaceGenOutput $out -Sidecar", fixture.Face, fixture.OutputFolder).WithoutErrors();
        string image = Directory.GetFiles(fixture.OutputFolder, "*.png").Single();

        fixture.Run("param($sidecar, $out) $sidecar | New-FaceGenImage | Save-FaceGenOutput $out/again", FromJson(image + ".json"), fixture.OutputFolder).WithoutErrors();
        fixture.Run("param($file, $out) Import-FaceGenRequest $file | New-FaceGenImage | Save-FaceGenOutput $out/again", image + ".json", fixture.OutputFolder).WithoutErrors();

        Assert.All(Directory.GetFiles(Path.Combine(fixture.OutputFolder, "again")), again => Assert.Equal(File.ReadAllBytes(image), File.ReadAllBytes(again)));
        Assert.Equal(2, Directory.GetFiles(Path.Combine(fixture.OutputFolder, "again")).Length);
    }

    [Fact]
    public async Task Sidecar_piped_back_applies_new_parameters()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        fixture.Run("param($face, $out) New-FaceGenImage p $face -Width 64 -Seed 5 -Style anime | Save-FaceGenOutput $out -Sidecar", fixture.Face, fixture.OutputFolder).WithoutErrors();

        PSObject again = fixture.Run("param($sidecar) $sidecar | New-FaceGenImage -Seed 6 -Style comic -Prompt q", FromJson(Directory.GetFiles(fixture.OutputFolder, "*.json").Single())).WithoutErrors().Single;

        PSObject request = PSObject.AsPSObject(again.Properties["Request"].Value);
        Assert.Equal("q 64 6 comic", $"{request.Properties["Prompt"].Value} {request.Properties["Width"].Value} {request.Properties["Seed"].Value} {request.Properties["Style"].Value}");
    }

    [Fact]
    public async Task Sidecar_of_face_bytes_requires_FaceImage()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        fixture.Run("param($face, $out) New-FaceGenImage p ([IO.File]::ReadAllBytes($face)) -Width 64 | Save-FaceGenOutput $out -Sidecar", fixture.Face, fixture.OutputFolder).WithoutErrors();
        PSObject sidecar = FromJson(Directory.GetFiles(fixture.OutputFolder, "*.json").Single());

        ScriptResult without = fixture.Run("param($sidecar) $sidecar | New-FaceGenImage", sidecar);
        fixture.Run("param($sidecar, $face) $sidecar | New-FaceGenImage -FaceImage $face", sidecar, fixture.Face).WithoutErrors();

        Assert.StartsWith("RequestInvalid,", without.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal("Input 1: FaceImage is required: it must be a link, a file or base64. The row was not sent.", without.Error.ToString());
    }

    [Fact]
    public async Task Batch_accepts_sidecars_as_rows()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        fixture.Run("param($face, $out) 'a', 'b' | New-FaceGenImage -FaceImage $face -Width 64 | Save-FaceGenOutput $out -Sidecar", fixture.Face, fixture.OutputFolder).WithoutErrors();
        PSObject[] sidecars = [.. Directory.GetFiles(fixture.OutputFolder, "*.json").Select(FromJson)];

        ScriptResult result = fixture.Run("param($sidecars, $out) $sidecars | Invoke-FaceGenBatch -Destination $out/again -EmbedMetadata", sidecars, fixture.OutputFolder).WithoutErrors();

        Assert.Empty(result.Warnings);
        string[] images = Directory.GetFiles(Path.Combine(fixture.OutputFolder, "again"), "*.png");
        Assert.Equal(2, images.Length);
        Assert.All(images, image => Assert.Contains("FaceGen\0{", Encoding.Latin1.GetString(File.ReadAllBytes(image)), StringComparison.Ordinal));
        Assert.Equal(new HashSet<string>(images.Select(image => Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(image))))),
            [.. fixture.Run("param($out) Get-FaceGenBatchItem -Ledger $out/again/facegen.ledger | ForEach-Object { $_.Files[0].Sha256 }", fixture.OutputFolder).Output.Select(hash => hash.ToString())]);
    }

    [Fact]
    public async Task EmbedMetadata_does_not_change_the_pixels()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        fixture.Run("param($face, $out) $g = New-FaceGenImage 'Zoë 😀' $face -Width 64 -Seed 5; $g | Save-FaceGenOutput $out/plain; $g | Save-FaceGenOutput $out/described -EmbedMetadata", fixture.Face, fixture.OutputFolder).WithoutErrors();

        string plain = Directory.GetFiles(Path.Combine(fixture.OutputFolder, "plain")).Single(), described = Directory.GetFiles(Path.Combine(fixture.OutputFolder, "described")).Single();
        Assert.NotEqual(File.ReadAllBytes(plain), File.ReadAllBytes(described));
        using SKBitmap before = SKBitmap.Decode(plain), after = SKBitmap.Decode(described);
        Assert.Equal(before.Bytes, after.Bytes);
        string text = Encoding.UTF8.GetString(File.ReadAllBytes(described));
        Assert.Contains("Description\0\0\0\0\0Zoë 😀", text, StringComparison.Ordinal);
        Assert.DoesNotContain("emulator-key", text, StringComparison.Ordinal);
    }

    /// <summary>Returns the request of a generation as comparable text.</summary>
    private static IEnumerable<string> DescribeRequest(PSObject generation)
    {
        PSObject request = PSObject.AsPSObject(generation.Properties["Request"].Value);
        // The seed of the generation, which the service may have chosen.
        return [.. Fields.Select(name => FormattableString.Invariant($"{name}={(name == "Seed" ? generation : request).Properties[name].Value}"))];
    }

    /// <summary>Returns a file as ConvertFrom-Json does, which the engine of the tests lacks.</summary>
    private static PSObject FromJson(string file)
    {
        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(file));
        return (PSObject)FromJson(json.RootElement)!;
    }

    private static object? FromJson(JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                var made = new PSObject();
                foreach (JsonProperty property in value.EnumerateObject()) made.Properties.Add(new PSNoteProperty(property.Name, FromJson(property.Value)));
                return made;
            case JsonValueKind.Number: return value.TryGetInt64(out long whole) ? (object)whole : value.GetDouble();
            case JsonValueKind.True or JsonValueKind.False: return value.GetBoolean();
            case JsonValueKind.String: return value.TryGetDateTime(out DateTime time) ? time : value.GetString();
            default: return null;
        }
    }
}
