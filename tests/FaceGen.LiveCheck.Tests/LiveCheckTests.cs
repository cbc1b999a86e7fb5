using System.Globalization;
using FaceGen.Emulator.Faults;
using FaceGen.Emulator.Generating;

namespace FaceGen.LiveCheck.Tests;

public sealed class LiveCheckTests
{
    /// <summary>The emulator may list invalid fields in an object, as the service has been seen to do (Q2).</summary>
    private static readonly string[] KnownOfEmulator = ["refusal", "samples-large"];

    [Fact]
    public async Task Default_emulator_agrees_with_each_assumption_and_all_images_are_saved()
    {
        await using LiveCheckFixture fixture = await LiveCheckFixture.StartAsync();

        LiveCheckResult result = await fixture.RunAsync();

        Assert.Empty(result.Differences);
        Assert.Empty(result.Known.Keys.Except(KnownOfEmulator));
        Assert.Equal(result.Known.Count > 0 ? ExitCode.KnownDeviations : ExitCode.Agrees, result.ExitCode);
        Assert.Equal(5, fixture.Host.Journal.Accepted);
        Assert.Equal(
            ["inline-1.png", "inline-base64-1.png", "inline-base64-2.png", "large-1.png", "link-1.png", "repeat-1.png"],
            result.Images);
        // What stays open has a reason: a rate limit that was not met, the size of the face image, 24 hours, a public address.
        Assert.Equal(["face-size", "generationTime", "lifetime", "rate-limit", "webhook"], result.NotObserved.Keys.Order());
    }

    [Fact]
    public async Task Strict_emulator_is_found_to_need_base64_for_an_inline_face_image()
    {
        await using LiveCheckFixture fixture = await LiveCheckFixture.StartStrictAsync();

        LiveCheckResult result = await fixture.RunAsync();

        Assert.Empty(result.Differences);
        Assert.StartsWith("Q35", result.Known["inline"], StringComparison.Ordinal);
        Assert.Contains("inline-base64", result.Agreements);
        Assert.Equal(4, fixture.Host.Journal.Accepted);
    }

    [Fact]
    public async Task Service_that_answers_at_once_agrees_too()
    {
        await using LiveCheckFixture fixture = await LiveCheckFixture.StartAsync(ServiceTime.None);

        LiveCheckResult result = await fixture.RunAsync();

        Assert.InRange(result.ExitCode, ExitCode.Agrees, ExitCode.KnownDeviations);
        Assert.Contains("generationTime", result.Agreements);
        Assert.Contains("eta", result.NotObserved);
    }

    [Fact]
    public void Table_has_each_row_of_the_known_deviations()
    {
        string[] sources = [.. Check.All.SelectMany(check => check.Sources.Split(", "))];

        Assert.All(Enumerable.Range(1, 46), row => Assert.Contains($"Q{row.ToString(CultureInfo.InvariantCulture)}", sources));
        Assert.Equal(Check.All.Count, Check.All.Select(check => check.Id).Distinct().Count());
    }

    [Fact]
    public void Price_is_at_most_ten_images() => Assert.InRange(SentStep.MaxImages, 1, 10);

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(4, 3)]
    public async Task MaxImages_limits_submissions(int images, int accepted)
    {
        await using LiveCheckFixture fixture = await LiveCheckFixture.StartAsync();

        LiveCheckResult result = await fixture.RunAsync($"--yes --max-images {images}");

        Assert.Equal(accepted, fixture.Host.Journal.Accepted);
        Assert.Equal(accepted, result.Images.Count);
        Assert.StartsWith("not submitted: over the confirmed budget", result.NotObserved["samples-large"], StringComparison.Ordinal);
        Assert.InRange(result.ExitCode, ExitCode.Agrees, ExitCode.KnownDeviations);
    }

    [Theory]
    [InlineData(false, "yes")]
    [InlineData(true, "no")]
    [InlineData(true, "")]
    public async Task Without_confirmation_nothing_is_sent(bool isInteractive, string input)
    {
        await using LiveCheckFixture fixture = await LiveCheckFixture.StartAsync();

        LiveCheckResult result = await fixture.RunAsync("", environment => environment with { IsInteractive = isInteractive, Input = new StringReader(input) });

        Assert.Equal(ExitCode.NotRun, result.ExitCode);
        Assert.Empty(fixture.Host.Journal.Entries);
        Assert.Contains("at most 7 image(s)", result.Output, StringComparison.Ordinal);
        Assert.Null(result.Folder);
    }

    [Fact]
    public async Task Typed_confirmation_starts_the_run()
    {
        await using LiveCheckFixture fixture = await LiveCheckFixture.StartAsync();

        await fixture.RunAsync("--max-images 1", environment => environment with { IsInteractive = true, Input = new StringReader("yes\n") });

        Assert.Equal(1, fixture.Host.Journal.Accepted);
    }

    [Theory]
    [InlineData("--yes --max-images 8")]
    [InlineData("--yes --max-images")]
    [InlineData("--yes --face missing.png")]
    [InlineData("--yse")]
    public async Task Invalid_option_sends_nothing(string arguments)
    {
        await using LiveCheckFixture fixture = await LiveCheckFixture.StartAsync();

        Assert.Equal(ExitCode.NotRun, (await fixture.RunAsync(arguments)).ExitCode);
        Assert.Empty(fixture.Host.Journal.Entries);
    }

    [Fact]
    public async Task Missing_key_sends_nothing_and_names_the_variable()
    {
        await using LiveCheckFixture fixture = await LiveCheckFixture.StartAsync();

        LiveCheckResult result = await fixture.RunAsync("--yes", environment => environment with { GetVariable = _ => null });

        Assert.Equal(ExitCode.NotRun, result.ExitCode);
        Assert.Contains("MODELSLAB_API_KEY", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Full_disk_ends_the_run_after_the_id_is_shown()
    {
        await using LiveCheckFixture fixture = await LiveCheckFixture.StartAsync();

        LiveCheckResult result = await fixture.RunAsync("--yes", environment => environment with
        {
            WrapHandler = handler => new EditingHandler(handler)
            {
                // A folder in place of the file makes writing fail.
                OnResponse = (_, body, _) =>
                {
                    if (body["prompt"] is null) return;
                    string list = Directory.EnumerateFiles(fixture.Folder, "submissions.txt", SearchOption.AllDirectories).Single();
                    File.Delete(list);
                    Directory.CreateDirectory(list);
                },
            },
        });

        Assert.Equal(ExitCode.Incomplete, result.ExitCode);
        Assert.Equal(1, fixture.Host.Journal.Accepted);
        Assert.Contains("link: accepted, id ", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lost_response_is_not_submitted_again_and_ends_the_submissions()
    {
        await using LiveCheckFixture fixture = await LiveCheckFixture.StartAsync(faults: FaultRule.Parse("accepted-then-dropped@submit:prompt=portrait"));

        LiveCheckResult result = await fixture.RunAsync();

        Assert.Equal(ExitCode.Incomplete, result.ExitCode);
        Assert.Equal(1, fixture.Host.Journal.Accepted);
        Assert.Contains("link: outcome unknown, possibly charged", result.Submissions, StringComparison.Ordinal);
        Assert.Contains("It may have been charged", result.Report, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ctrl_C_during_a_submission_waits_for_its_id_and_writes_the_report()
    {
        await using LiveCheckFixture fixture = await LiveCheckFixture.StartAsync();
        using var stop = new CancellationTokenSource();

        LiveCheckResult result = await fixture.RunAsync("--yes", environment => environment with
        {
            WrapHandler = handler => new EditingHandler(handler)
            {
                OnRequest = body =>
                {
                    if ((string?)body["prompt"] is not null) stop.Cancel();
                    return null;
                },
            },
        }, stop.Token);

        Assert.Equal(ExitCode.Incomplete, result.ExitCode);
        Assert.Equal(1, fixture.Host.Journal.Accepted);
        long id = fixture.Host.Journal.Entries.Single(entry => entry.Path.EndsWith("face_gen", StringComparison.Ordinal) && entry.GenerationId is not null).GenerationId!.Value;
        Assert.Contains($"link: accepted, id {id}", result.Submissions, StringComparison.Ordinal);
        Assert.Contains($"Get-FaceGenImage {id} |", result.Output, StringComparison.Ordinal);
        Assert.Contains("The run was stopped before its end.", result.Report, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Image_that_cannot_be_downloaded_is_reported_as_not_saved()
    {
        await using LiveCheckFixture fixture = await LiveCheckFixture.StartAsync(faults: FaultRule.Parse("Q26-html-for-good@download"));

        LiveCheckResult result = await fixture.RunAsync("--yes --max-images 1");

        Assert.Equal(ExitCode.Incomplete, result.ExitCode);
        Assert.Contains("Save-FaceGenOutput", result.Output, StringComparison.Ordinal);
        // The generation is not deleted at the service: its image can still be saved.
        Assert.DoesNotContain(fixture.Host.Journal.Entries, entry => entry.Path.EndsWith("delete_image", StringComparison.Ordinal) && entry.GenerationId is not null);
    }
}
