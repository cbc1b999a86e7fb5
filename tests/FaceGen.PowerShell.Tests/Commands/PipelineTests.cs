using System.Collections.Concurrent;
using System.Diagnostics;
using System.Management.Automation;
using System.Reflection;
using FaceGen.Emulator.Faults;
using FaceGen.PowerShell.Tests.Hosting;
using SkiaSharp;

namespace FaceGen.PowerShell.Tests.Commands;

/// <summary>The main pipeline: from a request file to saved images.</summary>
public sealed class PipelineTests
{
    private const string Job = "param($csv, $out) Import-FaceGenRequest $csv | New-FaceGenImage -Width 48 -Height 64 | Save-FaceGenOutput $out";

    [Fact]
    public async Task Pipeline_500_rows_saves_500_images_each_accepted_once()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync(serviceSeconds: 0.02);

        ScriptResult result = fixture.Run(Job, WriteRows(fixture, 500), fixture.OutputFolder).WithoutErrors();

        Assert.Equal(500, result.Output.Count);
        string[] files = Directory.GetFiles(fixture.OutputFolder);
        Assert.Equal(500, files.Length);
        Assert.All(files, AssertIsImage);
        Assert.Equal(500, fixture.Emulator.Journal.AcceptedByPrompt.Count);
        Assert.All(fixture.Emulator.Journal.AcceptedByPrompt, accepted => Assert.Equal(1, accepted.Value));
        Assert.Equal(5, fixture.Emulator.Journal.MaxInFlight);
    }

    [Fact]
    public async Task Pipeline_stopped_returns_promptly_and_loses_nothing()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync(serviceSeconds: 0.3);
        using System.Management.Automation.PowerShell job = fixture.Session.Create(Job, WriteRows(fixture, 500), fixture.OutputFolder);
        using var output = new PSDataCollection<PSObject>();
        var enough = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        output.DataAdded += (_, _) =>
        {
            if (output.Count >= 12) enough.TrySetResult();
        };

        IAsyncResult running = job.BeginInvoke<PSObject, PSObject>(null, output);
        await enough.Task.WaitAsync(TimeSpan.FromSeconds(60));
        var stopping = Stopwatch.StartNew();
        job.Stop();
        TimeSpan elapsed = stopping.Elapsed;

        Assert.ThrowsAny<PipelineStoppedException>(() => job.EndInvoke(running));
        elapsed.AssertStoppedPromptly();
        string unsaved = Assert.Single(job.Streams.Warning).Message;
        Assert.Matches(@"^The command was stopped\. (\d+ generations? (is|are) pending or not saved|Requests are in flight)", unsaved);
        Assert.EndsWith("Run Get-FaceGenImage | Save-FaceGenOutput in this session.", unsaved, StringComparison.Ordinal);
        Assert.NotEmpty(fixture.Run("Get-FaceGenImage").WithoutErrors().Output);
        fixture.Run("param($out) Get-FaceGenImage | Wait-FaceGenImage | Save-FaceGenOutput $out", fixture.OutputFolder).WithoutErrors();
        Assert.Empty(fixture.Run("Get-FaceGenImage").WithoutErrors().Output);
        Assert.InRange(fixture.Emulator.Journal.Accepted, 12, 499);
        Assert.Equal(fixture.Emulator.Journal.Accepted, Directory.GetFiles(fixture.OutputFolder).Length);
        Assert.All(fixture.Emulator.Journal.AcceptedByPrompt, accepted => Assert.Equal(1, accepted.Value));
    }

    [Theory]
    [InlineData("Save-FaceGenOutput $out")]
    [InlineData("Wait-FaceGenImage")]
    [InlineData("Wait-FaceGenImage | Save-FaceGenOutput $out")]
    public async Task Pipeline_of_generations_stopped_shows_once_what_is_not_saved(string commands)
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync(serviceSeconds: 600);
        var begun = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        using System.Management.Automation.PowerShell job = fixture.Session.Create($$"""
            param($face, $out, $begun)
            $g = 'a', 'b' | New-FaceGenImage -FaceImage $face -NoWait
            $g | ForEach-Object -Process { $_ } -End { $begun.SetResult($true) } | {{commands}}
            """, fixture.Face, fixture.OutputFolder, begun);

        IAsyncResult running = job.BeginInvoke();
        await begun.Task.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        job.Stop();

        Assert.ThrowsAny<PipelineStoppedException>(() => job.EndInvoke(running));
        Assert.Equal("The command was stopped. 2 generations are pending or not saved. What the service accepted is paid for and not lost. Run Get-FaceGenImage | Save-FaceGenOutput in this session.",
            Assert.Single(job.Streams.Warning).Message);
    }

    [Fact]
    public async Task Pipeline_downstream_generation_gets_a_slot()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync(serviceSeconds: 0.1, queueLimit: 1);

        ScriptResult result = fixture.Run("""
            param($face)
            'a', 'b' | New-FaceGenImage -FaceImage $face | ForEach-Object { $_; New-FaceGenImage "again $($_.Prompt)" $face -TimeoutSec 30 }
            """, fixture.Face).WithoutErrors();

        Assert.Equal(["a", "again a", "again b", "b"], result.Values("Prompt").Cast<string>().Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Pipeline_ended_downstream_loses_nothing()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync(serviceSeconds: 0.1);

        // The engine of the tests has no Select-Object -First 1.
        ScriptResult first = fixture.Run("""
            param($face)
            do { 1..50 | ForEach-Object { "p$_" } | New-FaceGenImage -FaceImage $face | ForEach-Object { $_; break } } while ($false)
            """, fixture.Face).WithoutErrors();
        ScriptResult others = fixture.Run("Get-FaceGenImage | Wait-FaceGenImage").WithoutErrors();

        Assert.Single(first.Output);
        Assert.InRange(fixture.Emulator.Journal.Accepted, 1, 10);
        Assert.Equal(fixture.Emulator.Journal.AcceptedByPrompt.Keys.Order(),
            first.Values("Prompt").Concat(others.Values("Prompt")).Cast<string>().Distinct().Order());
    }

    [Fact]
    public async Task Pipeline_ended_downstream_with_throttle_limit_1_pays_for_two()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync(serviceSeconds: 1);

        fixture.Run("""
            param($face)
            do { 1..10 | ForEach-Object { "p$_" } | New-FaceGenImage -FaceImage $face -ThrottleLimit 1 | ForEach-Object { break } } while ($false)
            """, fixture.Face).WithoutErrors();
        fixture.Run("Get-FaceGenImage | Wait-FaceGenImage").WithoutErrors();

        Assert.InRange(fixture.Emulator.Journal.Accepted, 1, 2);
    }

    [Fact]
    public async Task Pending_list_waits_for_responses_in_flight()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync(serviceSeconds: 0.05);
        fixture.Emulator.Faults.Add(FaultRule.Parse("accepted-then-never-answered@submit:prompt=slow"));
        fixture.Run("param($uri) Connect-FaceGen emulator-key -BaseUri $uri -TimeoutSec 20", fixture.Emulator.BaseUri).WithoutErrors();
        fixture.Run("""
            param($face)
            do { 'slow', 'quick' | New-FaceGenImage -FaceImage $face -Width 16 | ForEach-Object { $_; break } } while ($false)
            """, fixture.Face).WithoutErrors();

        ScriptResult pending = fixture.Run("Get-FaceGenImage");

        Assert.StartsWith("A submission is in flight", Assert.Single(pending.Warnings), StringComparison.Ordinal);
        Assert.StartsWith("SubmissionUncertain,", pending.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal("quick", pending.Single.Properties["Prompt"].Value);
    }

    [Fact]
    public async Task Pending_list_slow_file_write_is_not_a_submission_in_flight()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        var written = new TaskCompletionSource<bool>();
        object connection = fixture.Run("Get-FaceGenConnection").WithoutErrors().Single.BaseObject;
        Type type = connection.GetType().Assembly.GetTypes().Single(type => type.Name == "Account");
        object account = type.GetMethod("For", BindingFlags.Static | BindingFlags.NonPublic)!.Invoke(null, [connection])!;
        type.GetMethod("Track", BindingFlags.Instance | BindingFlags.NonPublic, [typeof(Task)])!.Invoke(account, [written.Task]);

        ScriptResult pending = fixture.Run("param($written) Get-FaceGenImage 3>&1 | ForEach-Object { $written.SetResult($true); $_.Message }", written).WithoutErrors();

        Assert.StartsWith("An image file is being written. Nothing is lost.", (string)pending.Single.BaseObject, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pipeline_ended_early_repeatedly_releases_slots()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync(serviceSeconds: 0.05, queueLimit: 2);

        for (int i = 0; i < 6; i++)
        {
            fixture.Run("""
                param($face)
                do { 1..20 | ForEach-Object { "p$_" } | New-FaceGenImage -FaceImage $face -Width 16 | ForEach-Object { $_; break } } while ($false)
                """, fixture.Face).WithoutErrors();
        }

        ScriptResult after = fixture.Run("param($face) 1..6 | ForEach-Object { \"q$_\" } | New-FaceGenImage -FaceImage $face -Width 16", fixture.Face).WithoutErrors();
        Assert.Equal(6, after.Output.Count);
        Assert.InRange(fixture.Emulator.Journal.MaxInFlight, 1, 2);
    }

    [Fact]
    public async Task Pipeline_fatal_error_in_assignment_loses_nothing()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync(serviceSeconds: 0.05, balance: 0.1m);

        ScriptResult result = fixture.Run("""
            param($face)
            try { $g = 1..30 | ForEach-Object { "p$_" } | New-FaceGenImage -FaceImage $face -Width 16 } catch { "$($_.FullyQualifiedErrorId) $_" }
            Get-FaceGenImage | Wait-FaceGenImage
            """, fixture.Face);

        Assert.Matches(@"^OutOfCredits,.* \d+ accepted generations? (is|are) not lost. Run Get-FaceGenImage", result.Output[0].ToString());
        Assert.Equal(fixture.Emulator.Journal.AcceptedByPrompt.Keys.Order(),
            result.Output.Skip(1).Select(generation => (string)generation.Properties["Prompt"].Value).Order());
    }

    [Fact]
    public async Task Pipeline_invalid_rows_report_one_error_each()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        string csv = fixture.Write("people.csv", """
            prompt,face_image,width,style,num_inference_steps
            good one,face.png,64,anime,21
            too wide,face.png,900,,
            no such style,face.png,,watercolor,
            odd steps,face.png,,,22
            ,face.png,,,
            good two,face.png,64,,41
            """);

        ScriptResult result = fixture.Run("param($csv, $out) Import-FaceGenRequest $csv | New-FaceGenImage | Save-FaceGenOutput $out", csv, fixture.OutputFolder);

        Assert.Equal(2, result.Output.Count);
        Assert.Collection(result.Errors.Select(error => error.ToString()),
            message => Assert.StartsWith("people.csv:3: Width must be", message, StringComparison.Ordinal),
            message => Assert.Equal("people.csv:4: Style must be realistic, comic, chibi, 3d or anime, not 'watercolor'. The row was not sent.", message),
            message => Assert.Equal("people.csv:5: NumInferenceSteps must be 21, 31 or 41, not '22'. The row was not sent.", message),
            message => Assert.Equal("people.csv:6: Prompt is required: it must be a text that is not empty. The row was not sent.", message));
        Assert.Equal(2, fixture.Emulator.Journal.Accepted);
    }

    [Fact]
    public async Task Pipeline_reads_input_only_as_fast_as_it_submits()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync(serviceSeconds: 0.02);
        var ahead = new ConcurrentBag<int>();

        fixture.Run("""
            param($face, $journal, $ahead)
            1..200 | ForEach-Object { $ahead.Add($_ - $journal.Accepted); "p$_" } | New-FaceGenImage -FaceImage $face -Width 16
            """, fixture.Face, fixture.Emulator.Journal, ahead).WithoutErrors();

        Assert.Equal(200, ahead.Count);
        // Five slots, five requests whose face images are uploaded ahead, and the one that is read.
        Assert.InRange(ahead.Max(), 1, 11);
    }

    [Fact]
    public async Task Pipeline_parallel_runspaces_share_the_queue()
    {
        // Long enough that all four wait for slots at the same time.
        await using SessionFixture fixture = await SessionFixture.StartAsync(serviceSeconds: 0.4);

        ScriptResult result = fixture.Run("""
            param($manifest, $uri, $face)
            1..4 | ForEach-Object -Parallel {
                Import-Module $using:manifest
                $null = Connect-FaceGen emulator-key -BaseUri $using:uri
                1..5 | ForEach-Object { "p$PSItem" } | New-FaceGenImage -FaceImage $using:face -Width 16
            } -ThrottleLimit 4
            """, StagedModule.Manifest, fixture.Emulator.BaseUri, fixture.Face).WithoutErrors();

        Assert.Equal(20, fixture.Emulator.Journal.Accepted);
        Assert.DoesNotContain(fixture.Emulator.Journal.Entries, call => call.Status == 429);
    }

    private static string WriteRows(SessionFixture fixture, int count) => fixture.Write("people.csv",
        "prompt,face_image,style\n" + string.Concat(Enumerable.Range(1, count).Select(i => $"person {i},face.png,{(i % 2 == 0 ? "comic" : "")}\n")));

    private static void AssertIsImage(string path)
    {
        using SKBitmap? bitmap = SKBitmap.Decode(path);
        Assert.NotNull(bitmap);
        Assert.Equal((48, 64), (bitmap.Width, bitmap.Height));
    }
}
