using System.Text.Json;
using FaceGen.Emulator.Faults;
using FaceGen.Emulator.Journaling;
using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests.Commands;

/// <summary>A local face image that several requests use goes over the line once.</summary>
public sealed class FaceUploadTests
{
    private const int FaceBytes = 2 * 1024 * 1024;

    /// <summary>The most that even many rows with one face of 2 MB may send.</summary>
    private const int MaxBytes = 5_000_000;

    [Fact]
    public async Task Pipeline_uploads_shared_face_once()
    {
        await using SessionFixture bed = await StartAsync();

        bed.Run("param($face) $null = 1..200 | ForEach-Object { \"p$_\" } | New-FaceGenImage -FaceImage $face -Width 16", bed.Face).WithoutErrors();

        Assert.Equal(200, bed.Emulator.Journal.Accepted);
        Assert.Single(GetUploads(bed.Emulator.Journal));
        Assert.InRange(bed.Emulator.Journal.BytesReceived, FaceBytes, MaxBytes);
    }

    [Fact]
    public async Task Batch_uploads_shared_face_once()
    {
        await using SessionFixture bed = await StartAsync();

        BatchResult ran = bed.RunBatch(bed.WriteCsv(BatchFixtureExtensions.Prompts(1, 100)), "-Verbose").WithoutErrors();

        Assert.Equal((100, 100), (ran["Saved"], ran["Submitted"]));
        Assert.Contains(ran.Result.Verbose, line => line.Contains("100 to send after uploading 1 face image that they share, 0 under way", StringComparison.Ordinal));
        Assert.Single(GetUploads(bed.Emulator.Journal));
        Assert.InRange(bed.Emulator.Journal.BytesReceived, FaceBytes, MaxBytes);
    }

    [Theory]
    [InlineData("[IO.File]::ReadAllBytes($face)")]
    [InlineData("[Convert]::ToBase64String([IO.File]::ReadAllBytes($face))")]
    [InlineData("'data:image/png;base64,' + [Convert]::ToBase64String([IO.File]::ReadAllBytes($face))")]
    [InlineData("[IO.FileInfo]$face")]
    public async Task Pipeline_uploads_face_once_for_every_input_type(string image)
    {
        await using SessionFixture bed = await StartAsync();

        bed.Run($"param($face) $image = {image}; $null = 'a', 'b', 'c' | New-FaceGenImage -FaceImage $image -Width 16", bed.Face).WithoutErrors();

        Assert.Single(GetUploads(bed.Emulator.Journal));
        Assert.InRange(bed.Emulator.Journal.BytesReceived, FaceBytes, MaxBytes);
    }

    [Fact]
    public async Task Face_is_uploaded_at_its_second_use()
    {
        await using SessionFixture bed = await StartAsync();

        bed.Run("param($face) $null = New-FaceGenImage a $face -Width 16", bed.Face).WithoutErrors();
        Assert.Single(bed.Emulator.Journal.Entries);
        ScriptResult second = bed.Run("param($face) New-FaceGenImage b $face -Width 16 -Verbose; New-FaceGenImage c $face -Width 16", bed.Face).WithoutErrors();

        Assert.Equal(["face_gen", "base64_to_url", "face_gen", "face_gen"], bed.Emulator.Journal.Entries.Select(entry => entry.Path.Split('/')[^1]));
        Assert.Equal([false, true, true], GetFaceImages(bed.Emulator.Journal).Select(IsLink));
        Assert.Contains($"The face image '{bed.Face}' was uploaded: its link serves all requests that use it.", second.Verbose);
        // What comes out names the image that was given, not where it was put.
        Assert.Equal([bed.Face, bed.Face], second.Values("Request").Select(request => request!.GetType().GetProperty("FaceImage")!.GetValue(request)!.ToString()));
    }

    [Fact]
    public async Task Pipeline_distinct_faces_uploads_only_the_first()
    {
        await using SessionFixture bed = await StartAsync();
        for (int i = 0; i < 4; i++) File.WriteAllBytes(Path.Combine(bed.Folder, $"{i}.png"), [.. File.ReadAllBytes(bed.Face).Take(100_000 + i)]);

        bed.Run("param($folder) $null = 0..3 | ForEach-Object { [IO.FileInfo]\"$folder/$_.png\" } | New-FaceGenImage p -Width 16", bed.Folder).WithoutErrors();

        Assert.Equal(4, bed.Emulator.Journal.Accepted);
        Assert.Single(GetUploads(bed.Emulator.Journal));
        Assert.Single(GetFaceImages(bed.Emulator.Journal), IsLink);
    }

    [Fact]
    public async Task NoUpload_sends_image_with_each_request()
    {
        await using SessionFixture bed = await StartAsync();

        bed.Run("param($face) $null = 'a', 'b' | New-FaceGenImage -FaceImage $face -Width 16 -NoUpload", bed.Face).WithoutErrors();
        BatchResult ran = bed.RunBatch(bed.WriteCsv("c", "d"), "-NoUpload -Verbose").WithoutErrors();

        Assert.Empty(GetUploads(bed.Emulator.Journal));
        Assert.Equal([false, false, false, false], GetFaceImages(bed.Emulator.Journal).Select(IsLink));
        Assert.Contains(ran.Result.Verbose, line => line.Contains("2 to send, 0 under way", StringComparison.Ordinal));
    }

    [Fact]
    public async Task WhatIf_uploads_nothing()
    {
        await using SessionFixture bed = await StartAsync();

        bed.Run("param($face) 'a', 'b' | New-FaceGenImage -FaceImage $face -WhatIf", bed.Face).WithoutErrors();

        Assert.Empty(bed.Emulator.Journal.Entries);
    }

    [Fact]
    public async Task Upload_refused_logs_once_and_sends_image_inline()
    {
        await using SessionFixture bed = await StartAsync();
        bed.Emulator.Faults.Add(FaultRule.Parse("not-in-plan@upload"));

        ScriptResult ran = bed.Run("param($face) 1..5 | ForEach-Object { \"p$_\" } | New-FaceGenImage -FaceImage $face -Width 16 -Verbose", bed.Face).WithoutErrors();

        Assert.Equal(5, ran.Output.Count);
        Assert.Single(GetUploads(bed.Emulator.Journal));
        Assert.Equal(
            $"The face image '{bed.Face}' could not be uploaded (HTTP 403: This is not included in your plan): it is sent with each request.",
            Assert.Single(ran.Verbose, line => line.Contains("uploaded", StringComparison.Ordinal)));
        Assert.Empty(ran.Warnings);
    }

    [Fact]
    public async Task Upload_expired_link_does_not_fail_requests()
    {
        await using SessionFixture bed = await StartAsync();
        bed.Run("param($face) $null = 'a' | New-FaceGenImage -FaceImage $face -Width 16", bed.Face).WithoutErrors();
        bed.Emulator.Clock.Advance(TimeSpan.FromHours(24));

        ScriptResult ran = bed.Run("param($face) 'b', 'c' | New-FaceGenImage -FaceImage $face -Width 16", bed.Face).WithoutErrors();

        Assert.Equal(2, ran.Output.Count);
        Assert.All(bed.Emulator.Journal.AcceptedByPrompt.Values, accepted => Assert.Equal(1, accepted));
    }

    private static async Task<SessionFixture> StartAsync()
    {
        SessionFixture bed = await SessionFixture.StartAsync();
        PadTo2MB(bed.Face);
        return bed;
    }

    /// <summary>Fills a picture up to 2 MB: what stands behind its end is not looked at.</summary>
    internal static void PadTo2MB(string face)
    {
        byte[] image = File.ReadAllBytes(face), filling = new byte[FaceBytes - image.Length];
        // Each time another: a service on a port that one before had would seem to be the account that has uploaded it.
        Random.Shared.NextBytes(filling);
        File.WriteAllBytes(face, [.. image, .. filling]);
    }

    private static IReadOnlyList<JournalEntry> GetUploads(Journal journal) =>
        [.. journal.Entries.Where(entry => entry.Path.EndsWith("/base64_to_url", StringComparison.Ordinal))];

    /// <summary>What each submission carried as its face image, shortened.</summary>
    private static IReadOnlyList<string> GetFaceImages(Journal journal) => [.. journal.Entries
        .Where(entry => entry.Path.EndsWith("/face_gen", StringComparison.Ordinal))
        .Select(entry =>
        {
            using JsonDocument body = JsonDocument.Parse(entry.Body!);
            return body.RootElement.GetProperty("face_image").GetString()!;
        })];

    private static bool IsLink(string face) => face.StartsWith("http", StringComparison.Ordinal);
}
