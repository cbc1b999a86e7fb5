using System.Text.Json;
using FaceGen.Emulator.Faults;
using FaceGen.Emulator.Journaling;
using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests.Commands;

/// <summary>Local face images that several requests share are uploaded once.</summary>
public sealed class FaceUploadTests
{
    private const int FaceBytes = 2 * 1024 * 1024;

    /// <summary>The maximum number of sent bytes, for any number of rows with one face of 2 MB.</summary>
    private const int MaxBytes = 5_000_000;

    [Fact]
    public async Task Pipeline_uploads_shared_face_once()
    {
        await using SessionFixture fixture = await StartAsync();

        fixture.Run("param($face) $null = 1..200 | ForEach-Object { \"p$_\" } | New-FaceGenImage -FaceImage $face -Width 16", fixture.Face).WithoutErrors();

        Assert.Equal(200, fixture.Emulator.Journal.Accepted);
        Assert.Single(GetUploads(fixture.Emulator.Journal));
        Assert.InRange(fixture.Emulator.Journal.BytesReceived, FaceBytes, MaxBytes);
    }

    [Fact]
    public async Task Batch_uploads_shared_face_once()
    {
        await using SessionFixture fixture = await StartAsync();

        BatchResult result = fixture.RunBatch(fixture.WriteCsv(BatchFixtureExtensions.Prompts(1, 100)), "-Verbose").WithoutErrors();

        Assert.Equal((100, 100), (result["Saved"], result["Submitted"]));
        Assert.Contains(result.Result.Verbose, line => line.Contains("100 to send after 1 upload of shared face images, 0 in progress", StringComparison.Ordinal));
        Assert.Single(GetUploads(fixture.Emulator.Journal));
        Assert.InRange(fixture.Emulator.Journal.BytesReceived, FaceBytes, MaxBytes);
    }

    [Theory]
    [InlineData("[IO.File]::ReadAllBytes($face)")]
    [InlineData("[Convert]::ToBase64String([IO.File]::ReadAllBytes($face))")]
    [InlineData("'data:image/png;base64,' + [Convert]::ToBase64String([IO.File]::ReadAllBytes($face))")]
    [InlineData("[IO.FileInfo]$face")]
    public async Task Pipeline_uploads_face_once_for_every_input_type(string image)
    {
        await using SessionFixture fixture = await StartAsync();

        fixture.Run($"param($face) $image = {image}; $null = 'a', 'b', 'c' | New-FaceGenImage -FaceImage $image -Width 16", fixture.Face).WithoutErrors();

        Assert.Single(GetUploads(fixture.Emulator.Journal));
        Assert.InRange(fixture.Emulator.Journal.BytesReceived, FaceBytes, MaxBytes);
    }

    [Fact]
    public async Task Face_is_uploaded_at_its_second_use()
    {
        await using SessionFixture fixture = await StartAsync();

        fixture.Run("param($face) $null = New-FaceGenImage a $face -Width 16", fixture.Face).WithoutErrors();
        Assert.Single(fixture.Emulator.Journal.Entries);
        ScriptResult second = fixture.Run("param($face) New-FaceGenImage b $face -Width 16 -Verbose; New-FaceGenImage c $face -Width 16", fixture.Face).WithoutErrors();

        Assert.Equal(["face_gen", "base64_to_url", "face_gen", "face_gen"], fixture.Emulator.Journal.Entries.Select(entry => entry.Path.Split('/')[^1]));
        Assert.Equal([false, true, true], GetFaceImages(fixture.Emulator.Journal).Select(IsLink));
        Assert.Contains($"The face image '{fixture.Face}' was uploaded. All requests with this image share its link.", second.Verbose);
        // The output names the original image, not its link.
        Assert.Equal([fixture.Face, fixture.Face], second.Values("Request").Select(request => request!.GetType().GetProperty("FaceImage")!.GetValue(request)!.ToString()));
    }

    [Fact]
    public async Task Pipeline_distinct_faces_uploads_only_the_first()
    {
        await using SessionFixture fixture = await StartAsync();
        for (int i = 0; i < 4; i++) File.WriteAllBytes(Path.Combine(fixture.Folder, $"{i}.png"), [.. File.ReadAllBytes(fixture.Face).Take(100_000 + i)]);

        fixture.Run("param($folder) $null = 0..3 | ForEach-Object { [IO.FileInfo]\"$folder/$_.png\" } | New-FaceGenImage p -Width 16", fixture.Folder).WithoutErrors();

        Assert.Equal(4, fixture.Emulator.Journal.Accepted);
        Assert.Single(GetUploads(fixture.Emulator.Journal));
        Assert.Single(GetFaceImages(fixture.Emulator.Journal), IsLink);
    }

    [Fact]
    public async Task NoUpload_sends_image_with_each_request()
    {
        await using SessionFixture fixture = await StartAsync();

        fixture.Run("param($face) $null = 'a', 'b' | New-FaceGenImage -FaceImage $face -Width 16 -NoUpload", fixture.Face).WithoutErrors();
        BatchResult result = fixture.RunBatch(fixture.WriteCsv("c", "d"), "-NoUpload -Verbose").WithoutErrors();

        Assert.Empty(GetUploads(fixture.Emulator.Journal));
        Assert.Equal([false, false, false, false], GetFaceImages(fixture.Emulator.Journal).Select(IsLink));
        Assert.Contains(result.Result.Verbose, line => line.Contains("2 to send, 0 in progress", StringComparison.Ordinal));
    }

    [Fact]
    public async Task WhatIf_uploads_nothing()
    {
        await using SessionFixture fixture = await StartAsync();

        fixture.Run("param($face) 'a', 'b' | New-FaceGenImage -FaceImage $face -WhatIf", fixture.Face).WithoutErrors();

        Assert.Empty(fixture.Emulator.Journal.Entries);
    }

    [Fact]
    public async Task Upload_refused_logs_once_and_sends_image_inline()
    {
        await using SessionFixture fixture = await StartAsync();
        fixture.Emulator.Faults.Add(FaultRule.Parse("not-in-plan@upload"));

        ScriptResult result = fixture.Run("param($face) 1..5 | ForEach-Object { \"p$_\" } | New-FaceGenImage -FaceImage $face -Width 16 -Verbose", fixture.Face).WithoutErrors();

        Assert.Equal(5, result.Output.Count);
        Assert.Single(GetUploads(fixture.Emulator.Journal));
        Assert.Equal(
            $"The face image '{fixture.Face}' could not be uploaded (HTTP 403: This feature requires a premium subscription). It is sent inline with each request.",
            Assert.Single(result.Verbose, line => line.Contains("uploaded", StringComparison.Ordinal)));
        Assert.Empty(result.Warnings);
    }

    [Fact]
    public async Task Upload_expired_link_does_not_fail_requests()
    {
        await using SessionFixture fixture = await StartAsync();
        fixture.Run("param($face) $null = 'a' | New-FaceGenImage -FaceImage $face -Width 16", fixture.Face).WithoutErrors();
        fixture.Emulator.Clock.Advance(TimeSpan.FromHours(24));

        ScriptResult result = fixture.Run("param($face) 'b', 'c' | New-FaceGenImage -FaceImage $face -Width 16", fixture.Face).WithoutErrors();

        Assert.Equal(2, result.Output.Count);
        Assert.All(fixture.Emulator.Journal.AcceptedByPrompt.Values, accepted => Assert.Equal(1, accepted));
    }

    private static async Task<SessionFixture> StartAsync()
    {
        SessionFixture fixture = await SessionFixture.StartAsync();
        PadTo2MB(fixture.Face);
        return fixture;
    }

    /// <summary>Pads an image to 2 MB with trailing data, which is ignored.</summary>
    internal static void PadTo2MB(string face)
    {
        byte[] image = File.ReadAllBytes(face), filling = new byte[FaceBytes - image.Length];
        // Random: a service on a reused port would seem to be the account that uploaded the same image.
        Random.Shared.NextBytes(filling);
        File.WriteAllBytes(face, [.. image, .. filling]);
    }

    private static IReadOnlyList<JournalEntry> GetUploads(Journal journal) =>
        [.. journal.Entries.Where(entry => entry.Path.EndsWith("/base64_to_url", StringComparison.Ordinal))];

    /// <summary>Returns the face image of each submission.</summary>
    private static IReadOnlyList<string> GetFaceImages(Journal journal) => [.. journal.Entries
        .Where(entry => entry.Path.EndsWith("/face_gen", StringComparison.Ordinal))
        .Select(entry =>
        {
            using JsonDocument body = JsonDocument.Parse(entry.Body!);
            return body.RootElement.GetProperty("face_image").GetString()!;
        })];

    private static bool IsLink(string face) => face.StartsWith("http", StringComparison.Ordinal);
}
