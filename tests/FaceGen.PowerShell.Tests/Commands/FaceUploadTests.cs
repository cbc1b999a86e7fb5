using System.Text.Json;
using FaceGen.Emulator.Faults;
using FaceGen.Emulator.Journaling;
using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests.Commands;

/// <summary>Local face images are uploaded once, ahead of their requests.</summary>
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
        Assert.Contains(result.Result.Verbose, line => line.Contains("100 to send with 1 upload of face images, 0 in progress", StringComparison.Ordinal));
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
    public async Task Face_is_uploaded_before_its_first_use()
    {
        await using SessionFixture fixture = await StartAsync();

        ScriptResult first = fixture.Run("param($face) New-FaceGenImage a $face -Width 16 -Verbose", fixture.Face).WithoutErrors();
        ScriptResult second = fixture.Run("param($face) New-FaceGenImage b $face -Width 16", fixture.Face).WithoutErrors();

        Assert.Equal(["base64_to_url", "face_gen", "face_gen"], fixture.Emulator.Journal.Entries.Select(entry => entry.Path.Split('/')[^1]));
        Assert.All(GetFaceImages(fixture.Emulator.Journal), face => Assert.True(IsLink(face)));
        Assert.Contains($"The face image '{fixture.Face}' was uploaded. All requests with this image share its link.", first.Verbose);
        // The output names the original image, not its link.
        Assert.Equal(fixture.Face, second.Values("Request").Select(request => request!.GetType().GetProperty("FaceImage")!.GetValue(request)!.ToString()).Single());
    }

    /// <summary>With every slot in use, the images of the next five requests are uploaded, and no further ones.</summary>
    [Theory]
    [InlineData("", 2)]
    [InlineData("-ThrottleLimit 1", 1)]
    public async Task Pipeline_uploads_next_faces_while_its_slots_are_in_use(string parameters, int slots)
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync(queueLimit: 2);
        int uploads = 0, mostAhead = 0;
        var gate = new Lock();
        var released = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        async Task<InterceptingProxy.Replacement?> InterceptAsync(string path, string body)
        {
            if (path.EndsWith("/base64_to_url", StringComparison.Ordinal))
            {
                lock (gate)
                {
                    // Until a generation has been accepted, no slot becomes free.
                    mostAhead = Math.Max(mostAhead, ++uploads - slots - fixture.Emulator.Journal.Accepted);
                    if (uploads == slots + 5) released.TrySetResult();
                }
            }
            else if (path.EndsWith("/face_gen", StringComparison.Ordinal))
            {
                await released.Task.WaitAsync(TimeSpan.FromSeconds(60));
            }

            return null;
        }

        await using var proxy = new InterceptingProxy(fixture.Emulator.BaseUri, InterceptAsync);

        fixture.Run(
            $"param($uri, $folder) Connect-FaceGen -ApiKey emulator-key -BaseUri $uri -QueueLimit 2; $null = 0..11 | ForEach-Object {{ [IO.FileInfo]\"$folder/$_.png\" }} | New-FaceGenImage p -Width 16 {parameters}",
            proxy.BaseUri, WriteFaces(fixture, 12)).WithoutErrors();

        Assert.Equal((12, 12, 5), (fixture.Emulator.Journal.Accepted, uploads, mostAhead));
        Assert.All(GetFaceImages(fixture.Emulator.Journal), face => Assert.True(IsLink(face)));
    }

    public static MatrixTheoryData<bool, bool, string> Services => new([true, false], [true, false], ["links", "no upload", "no link", "-NoUpload"]);

    /// <summary>A strict service refuses an inline image without base64; both may refuse uploads or uploaded links.</summary>
    [Theory]
    [MemberData(nameof(Services))]
    public async Task Strict_and_lenient_services_complete_pipeline_and_batch(bool isStrict, bool isOneFace, string ways)
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync(strict: isStrict);
        if (ways == "no upload") fixture.Emulator.Faults.Add(FaultRule.Parse("not-in-plan@upload"));
        Task<InterceptingProxy.Replacement?> InterceptAsync(string path, string body)
        {
            using JsonDocument sent = JsonDocument.Parse(body);
            return Task.FromResult(ways == "no link" && path.EndsWith("/face_gen", StringComparison.Ordinal) && IsLink(sent.RootElement.GetProperty("face_image").GetString()!)
                ? Refuse(400, "The face image could not be downloaded.") : null);
        }

        await using var proxy = new InterceptingProxy(fixture.Emulator.BaseUri, InterceptAsync);
        string faces = WriteFaces(fixture, isOneFace ? 1 : 4);
        string rows = fixture.Write("rows.csv", $"prompt,face_image,width\n{string.Concat(Enumerable.Range(0, 8).Select(row => $"p{row},{faces}/{(isOneFace ? 0 : row % 4)}.png,16\n"))}");

        ScriptResult result = fixture.Run(
            $$"""
            param($uri, $csv, $out)
            $null = Connect-FaceGen -ApiKey emulator-key -BaseUri $uri
            Import-FaceGenRequest $csv | New-FaceGenImage {{(ways == "-NoUpload" ? ways : "")}} | Save-FaceGenOutput "$out/pipeline" -Sidecar
            Invoke-FaceGenBatch $csv -Destination "$out/batch" -Sidecar {{(ways == "-NoUpload" ? ways : "")}} | Where-Object { $_.PSObject.TypeNames[0] -like '*BatchItem' } | ForEach-Object Files
            """, proxy.BaseUri, rows, fixture.OutputFolder).WithoutErrors();

        string[] files = [.. result.Values("FullName").Cast<string>()];
        Assert.Equal(16, files.Length);
        Assert.Equal(16, fixture.Emulator.Journal.Accepted);
        Assert.Equal(ways == "links", GetFaceImages(fixture.Emulator.Journal).All(IsLink));
        Assert.All(files, file =>
        {
            Assert.NotEqual(".base64", Path.GetExtension(file));
            using var decoded = SkiaSharp.SKBitmap.Decode(file);
            Assert.Equal(16, decoded.Width);
            // What FaceGen adds is not part of the request.
            Assert.DoesNotContain("base64", File.ReadAllText($"{file}.json"), StringComparison.Ordinal);
        });
    }

    [Fact]
    public async Task Pipeline_distinct_faces_are_each_uploaded_once()
    {
        await using SessionFixture fixture = await StartAsync();

        fixture.Run("param($folder) $null = 1..2 | ForEach-Object { 0..11 | ForEach-Object { [IO.FileInfo]\"$folder/$_.png\" } } | New-FaceGenImage p -Width 16", WriteFaces(fixture, 12)).WithoutErrors();

        Assert.Equal(24, fixture.Emulator.Journal.Accepted);
        Assert.Equal(12, GetUploads(fixture.Emulator.Journal).Count);
        Assert.Equal(12, GetFaceImages(fixture.Emulator.Journal).Where(IsLink).Distinct().Count());
    }

    [Fact]
    public async Task NoUpload_sends_image_with_each_request()
    {
        await using SessionFixture fixture = await StartAsync();

        fixture.Run("param($face) $null = 'a', 'b' | New-FaceGenImage -FaceImage $face -Width 16 -NoUpload", fixture.Face).WithoutErrors();
        BatchResult result = fixture.RunBatch(fixture.WriteCsv("c", "d"), "-NoUpload -Verbose").WithoutErrors();

        Assert.Empty(GetUploads(fixture.Emulator.Journal));
        Assert.Equal([false, false, false, false], GetFaceImages(fixture.Emulator.Journal).Select(IsLink));
        Assert.All(fixture.Emulator.Journal.Entries.Where(entry => entry.Path.EndsWith("/face_gen", StringComparison.Ordinal)), entry => Assert.Contains("\"base64\":true", entry.Body, StringComparison.Ordinal));
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

    /// <summary>Writes images that differ, and returns their folder.</summary>
    private static string WriteFaces(SessionFixture fixture, int count)
    {
        for (int i = 0; i < count; i++) File.WriteAllBytes(Path.Combine(fixture.Folder, $"{i}.png"), [.. SessionFixture.DrawFace(), (byte)i]);
        return fixture.Folder;
    }

    private static InterceptingProxy.Replacement Refuse(int status, string message) => new(status, $$"""{"status":"error","message":"{{message}}"}""");

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
