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
    public async Task A_sidecar_that_is_piped_back_repeats_the_request_exactly(string parameters)
    {
        await using TestBed bed = await TestBed.StartAsync();
        PSObject first = bed.Run($"param($face, $out) New-FaceGenImage \"Zoë's\n<portrait>\" $face {parameters} -OutVariable generation | Save-FaceGenOutput $out -Sidecar; $generation", bed.Face, bed.Out)
            .WithoutErrors().Output[^1];
        string sidecar = Directory.GetFiles(bed.Out, "*.json").Order().First();

        Ran piped = bed.Run("param($sidecar) $sidecar | New-FaceGenImage", FromJson(sidecar)).WithoutErrors();
        Ran read = bed.Run("param($file) Import-FaceGenRequest $file | New-FaceGenImage", sidecar).WithoutErrors();

        Assert.All([piped, read], ran => Assert.Equal(Asked(first), Asked(ran.Single)));
        Assert.Empty(read.Warnings);
    }

    [Fact]
    public async Task The_seed_that_the_service_chose_is_asked_for_again()
    {
        await using TestBed bed = await TestBed.StartAsync();
        bed.Run("param($face, $out) New-FaceGenImage p $face -Width 64 | Save-FaceGenOutput $out -Sidecar", bed.Face, bed.Out).WithoutErrors();
        string image = Directory.GetFiles(bed.Out, "*.png").Single();

        bed.Run("param($sidecar, $out) $sidecar | New-FaceGenImage | Save-FaceGenOutput $out/again", FromJson(image + ".json"), bed.Out).WithoutErrors();
        bed.Run("param($file, $out) Import-FaceGenRequest $file | New-FaceGenImage | Save-FaceGenOutput $out/again", image + ".json", bed.Out).WithoutErrors();

        Assert.All(Directory.GetFiles(Path.Combine(bed.Out, "again")), again => Assert.Equal(File.ReadAllBytes(image), File.ReadAllBytes(again)));
        Assert.Equal(2, Directory.GetFiles(Path.Combine(bed.Out, "again")).Length);
    }

    [Fact]
    public async Task What_is_typed_holds_instead_of_the_sidecar_s_own()
    {
        await using TestBed bed = await TestBed.StartAsync();
        bed.Run("param($face, $out) New-FaceGenImage p $face -Width 64 -Seed 5 -Style anime | Save-FaceGenOutput $out -Sidecar", bed.Face, bed.Out).WithoutErrors();

        PSObject again = bed.Run("param($sidecar) $sidecar | New-FaceGenImage -Seed 6 -Style comic -Prompt q", FromJson(Directory.GetFiles(bed.Out, "*.json").Single())).WithoutErrors().Single;

        PSObject request = PSObject.AsPSObject(again.Properties["Request"].Value);
        Assert.Equal("q 64 6 comic", $"{request.Properties["Prompt"].Value} {request.Properties["Width"].Value} {request.Properties["Seed"].Value} {request.Properties["Style"].Value}");
    }

    [Fact]
    public async Task A_face_that_was_given_as_bytes_must_be_given_again()
    {
        await using TestBed bed = await TestBed.StartAsync();
        bed.Run("param($face, $out) New-FaceGenImage p ([IO.File]::ReadAllBytes($face)) -Width 64 | Save-FaceGenOutput $out -Sidecar", bed.Face, bed.Out).WithoutErrors();
        PSObject sidecar = FromJson(Directory.GetFiles(bed.Out, "*.json").Single());

        Ran without = bed.Run("param($sidecar) $sidecar | New-FaceGenImage", sidecar);
        bed.Run("param($sidecar, $face) $sidecar | New-FaceGenImage -FaceImage $face", sidecar, bed.Face).WithoutErrors();

        Assert.StartsWith("RequestInvalid,", without.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal("Input 1: FaceImage is required: it must be a link, a file or base64.", without.Error.ToString());
    }

    [Fact]
    public async Task A_batch_takes_sidecars_as_rows()
    {
        await using TestBed bed = await TestBed.StartAsync();
        bed.Run("param($face, $out) 'a', 'b' | New-FaceGenImage -FaceImage $face -Width 64 | Save-FaceGenOutput $out -Sidecar", bed.Face, bed.Out).WithoutErrors();
        PSObject[] sidecars = [.. Directory.GetFiles(bed.Out, "*.json").Select(FromJson)];

        Ran ran = bed.Run("param($sidecars, $out) $sidecars | Invoke-FaceGenBatch -Destination $out/again -EmbedMetadata", sidecars, bed.Out).WithoutErrors();

        Assert.Empty(ran.Warnings);
        string[] images = Directory.GetFiles(Path.Combine(bed.Out, "again"), "*.png");
        Assert.Equal(2, images.Length);
        Assert.All(images, image => Assert.Contains("FaceGen\0{", Encoding.Latin1.GetString(File.ReadAllBytes(image)), StringComparison.Ordinal));
        Assert.Equal(new HashSet<string>(images.Select(image => Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(image))))),
            [.. bed.Run("param($out) Get-FaceGenBatchItem -Ledger $out/again/facegen.ledger | ForEach-Object { $_.Files[0].Sha256 }", bed.Out).Output.Select(hash => hash.ToString())]);
    }

    [Fact]
    public async Task A_picture_that_tells_how_it_was_made_is_the_same_picture_to_another_decoder()
    {
        await using TestBed bed = await TestBed.StartAsync();

        bed.Run("param($face, $out) $g = New-FaceGenImage 'Zoë 😀' $face -Width 64 -Seed 5; $g | Save-FaceGenOutput $out/plain; $g | Save-FaceGenOutput $out/told -EmbedMetadata", bed.Face, bed.Out).WithoutErrors();

        string plain = Directory.GetFiles(Path.Combine(bed.Out, "plain")).Single(), told = Directory.GetFiles(Path.Combine(bed.Out, "told")).Single();
        Assert.NotEqual(File.ReadAllBytes(plain), File.ReadAllBytes(told));
        using SKBitmap before = SKBitmap.Decode(plain), after = SKBitmap.Decode(told);
        Assert.Equal(before.Bytes, after.Bytes);
        string text = Encoding.UTF8.GetString(File.ReadAllBytes(told));
        Assert.Contains("Description\0\0\0\0\0Zoë 😀", text, StringComparison.Ordinal);
        Assert.DoesNotContain("emulator-key", text, StringComparison.Ordinal);
    }

    /// <summary>What was asked for, in words that can be compared.</summary>
    private static IEnumerable<string> Asked(PSObject generation)
    {
        PSObject request = PSObject.AsPSObject(generation.Properties["Request"].Value);
        // The seed that was used is asked for again.
        return [.. Fields.Select(name => FormattableString.Invariant($"{name}={(name == "Seed" ? generation : request).Properties[name].Value}"))];
    }

    /// <summary>A file as ConvertFrom-Json gives it: this engine has the core cmdlets only.</summary>
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
