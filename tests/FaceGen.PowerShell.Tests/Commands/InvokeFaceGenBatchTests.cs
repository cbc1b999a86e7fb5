using System.Globalization;
using System.Management.Automation;
using FaceGen.Emulator.Faults;
using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests.Commands;

/// <summary>What a batch takes, refuses, emits and says.</summary>
public sealed class InvokeFaceGenBatchTests
{
    [Fact]
    public async Task Batch_csv_emits_one_item_per_row_and_a_summary()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();

        BatchResult ran = bed.RunBatch(bed.WriteCsv(BatchFixtureExtensions.Prompts(1, 12)), "-Name '{row} {prompt}' -Sidecar").WithoutErrors();

        Assert.Equal(BatchFixtureExtensions.Prompts(1, 12), ran.Prompts);
        Assert.All(ran.Statuses, status => Assert.Equal("Saved", status));
        Assert.Equal("Complete", ran.State);
        Assert.Equal((12, 12, 12, 12), (ran["Rows"], ran["Saved"], ran["Submitted"], ran["ImagesPaid"]));
        Assert.Equal("", ran.Summary.Properties["Message"].Value);
        Assert.Empty(ran.Result.Warnings);
        Assert.Equal(12, Directory.GetFiles(bed.OutputFolder, "*.png").Length);
        Assert.Equal(12, Directory.GetFiles(bed.OutputFolder, "*.json").Length);
        Assert.True(File.Exists(Path.Combine(bed.OutputFolder, "12 person 012.png")));
        Assert.Equal(12, bed.Emulator.Journal.Accepted);
        Assert.Equal(Path.Combine(bed.OutputFolder, "facegen.ledger"), ran.Summary.Properties["Ledger"].Value);
        Assert.True(File.Exists(Path.Combine(bed.OutputFolder, "facegen.ledger")));
    }

    [Fact]
    public async Task Batch_summary_comes_after_the_ledger_is_closed()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();

        ScriptResult ran = bed.Run(
            "param($csv, $out) Invoke-FaceGenBatch $csv -Destination $out | ForEach-Object { if ($_.Ledger) { [IO.Directory]::GetFiles($out, '*.ledger*') } }",
            bed.WriteCsv("a", "b"), bed.OutputFolder).WithoutErrors();

        Assert.Equal(["facegen.ledger", "facegen.ledger.lock"], ran.Output.Select(file => Path.GetFileName(file.ToString())).Order());
    }

    [Fact]
    public async Task Batch_deserialized_face_bytes_reports_one_row_error()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();

        BatchResult ran = new(bed.Run("""
            param($face, $out)
            function Send-Away { $input | ForEach-Object { [Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize($_, 2)) } }
            $images = New-FaceGenImage a ([IO.File]::ReadAllBytes($face)); $images = @($images) + (New-FaceGenImage b $face)
            $images | Send-Away | Invoke-FaceGenBatch -Destination $out -SkipInvalid
            """, bed.Face, bed.OutputFolder));

        Assert.Matches(@"^Input 1: The face image '\(\d+ bytes of Png\)' does not exist.$", ran.Result.Error.ToString());
        Assert.Equal(("SomeFailed", 1), (ran.State, ran["Saved"]));
    }

    [Fact]
    public async Task Batch_value_in_other_case_is_the_same_row()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();
        string csv = Path.Combine(bed.Folder, "styles.csv");
        File.WriteAllLines(csv, ["prompt,face_image,style", $"a,{bed.Face},anime", $"b,{bed.Face},"]);

        ScriptResult ran = bed.Run("""
            param($csv, $out)
            $null = Invoke-FaceGenBatch $csv -Destination $out
            $rows = @(Import-FaceGenRequest $csv)
            $rows[0].Style = 'Anime '
            $rows[1].Style = $rows[1].NegativePrompt = $null
            $rows | Invoke-FaceGenBatch -Destination $out
            $rows | New-FaceGenImage -Width 16
            """, csv, bed.OutputFolder).WithoutErrors();

        Assert.Equal(("Complete", 0), (ran.Output[0].Properties["State"].Value.ToString(), Convert.ToInt32(ran.Output[0].Properties["Submitted"].Value, CultureInfo.InvariantCulture)));
        Assert.Equal(3, ran.Output.Count);
        Assert.Equal(4, bed.Emulator.Journal.Accepted);
    }

    [Fact]
    public async Task Batch_input_without_row_gets_its_own_file_name()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();

        ScriptResult ran = bed.Run("""
            param($face, $out)
            $numbered = 'x' | New-FaceGenImage -FaceImage $face -Width 16
            (New-FaceGenImage y $face -Width 16), $numbered | Invoke-FaceGenBatch -Destination $out -Name '{row}'
            """, bed.Face, bed.OutputFolder).WithoutErrors();

        Assert.Equal("Complete", ran.Output[^1].Properties["State"].Value.ToString());
    }

    [Fact]
    public async Task Batch_item_files_can_be_indexed()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();
        string csv = Path.Combine(bed.Folder, "two.csv");
        File.WriteAllLines(csv, ["prompt,face_image,samples,width,height", $"a,{bed.Face},2,16,16"]);

        ScriptResult ran = bed.Run("param($csv, $out) (Invoke-FaceGenBatch $csv -Destination $out)[0].Files[-1].FullName", csv, bed.OutputFolder).WithoutErrors();

        Assert.EndsWith("-2.png", Assert.Single(ran.Output).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Batch_changed_request_is_validated()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();
        string csv = bed.WriteCsv("a", "b");

        ScriptResult ran = bed.Run("""
            param($csv, $out)
            $rows = Import-FaceGenRequest $csv
            $rows[1].Samples = 50
            $rows | Invoke-FaceGenBatch -Destination $out
            """, csv, bed.OutputFolder);

        Assert.Equal(2, ran.Errors.Count);
        Assert.Equal("people.csv:3: Samples must be 1 to 2, not 50.", ran.Errors[0].ToString());
        Assert.StartsWith("1 of 2 rows is invalid; nothing was sent.", ran.Errors[1].ToString(), StringComparison.Ordinal);
        Assert.Equal(0, bed.Emulator.Journal.Accepted);
    }

    [Fact]
    public async Task Batch_invalid_row_sends_nothing_and_errors_name_lines()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();
        string csv = WriteCsvWithInvalidRows(bed);

        ScriptResult ran = bed.Run("param($csv, $out) Invoke-FaceGenBatch $csv -Destination $out", csv, bed.OutputFolder);

        Assert.Empty(ran.Output);
        Assert.Collection(ran.Errors.Select(error => error.ToString()),
            message => Assert.Equal("people.csv:3: Width must be 1 to 512, not '900'.", message),
            message => Assert.Contains("people.csv:4: The face image '", message, StringComparison.Ordinal),
            message => Assert.Equal("2 of 4 rows are invalid; nothing was sent. Mend them, or leave them out with -SkipInvalid.", message));
        Assert.Equal("people.csv:3", ran.Errors[0].TargetObject.ToString());
        Assert.StartsWith("BatchInvalid,", ran.Errors[2].FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Empty(bed.Emulator.Journal.Entries);
        Assert.False(Directory.Exists(bed.OutputFolder));
    }

    [Fact]
    public async Task Batch_refused_input_keeps_the_ledger_unchanged()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();
        bed.RunBatch(bed.WriteCsv("a", "b")).WithoutErrors();

        ScriptResult refused = bed.Run("param($csv, $out) Invoke-FaceGenBatch $csv -Destination $out", WriteCsvWithInvalidRows(bed), bed.OutputFolder);
        ScriptResult batch = bed.Run("param($out) Get-FaceGenBatch $out", bed.OutputFolder).WithoutErrors();

        Assert.Equal("BatchInvalid", GetErrorId(refused.Errors[^1]));
        Assert.Equal(("Complete", 2L), (batch.Single.Properties["State"].Value.ToString(), batch.Single.Properties["Rows"].Value));
    }

    [Fact]
    public async Task SkipInvalid_runs_valid_rows_and_warns()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();

        BatchResult ran = bed.RunBatch(WriteCsvWithInvalidRows(bed), "-SkipInvalid");

        Assert.Equal(["RequestInvalid", "FaceImageInvalid"], ran.Result.Errors.Select(GetErrorId));
        Assert.Equal(["good one", "good two"], ran.Prompts);
        Assert.Equal("SomeFailed", ran.State);
        Assert.Equal((2, 2, 2), (ran["Rows"], ran["Saved"], ran["Invalid"]));
        Assert.Equal("SomeFailed: 2 of 2 saved, 0 failed, 0 uncertain, 0 left, 2 invalid and left out", ran.Summary.ToString());
        // The ledger knows no invalid rows, and so whoever looks at it later is not told of them.
        Assert.Equal("Complete", bed.Run("param($out) Get-FaceGenBatch $out", bed.OutputFolder).WithoutErrors().Single.Properties["State"].Value.ToString());
        string message = "2 rows of the input are invalid and were left out; Get-FaceGenBatch does not count them. Mend them and run the same command again.";
        Assert.Equal(message, ran.Summary.Properties["Message"].Value);
        Assert.Equal(message, Assert.Single(ran.Result.Warnings));
    }

    [Theory]
    [InlineData("prompt,face_image\n", "", "BatchInvalid", "The input has no row; nothing was sent.")]
    [InlineData("prompt,face_image\n,face.png\n", "-SkipInvalid", "BatchInvalid", "1 of 1 row is invalid; nothing was sent. Mend it.")]
    [InlineData("prompt,face_image\np,face.png\n,face.png\n", "", "BatchInvalid", "Mend it, or leave it out with -SkipInvalid.")]
    [InlineData("prompt,face_image\np,face.png\nq,face.png\n", "-Name '{date}'", "FileNameInvalid", "gives all rows the same name; nothing was sent")]
    [InlineData("prompt,face_image\np,face.png\nq,face.png\np,face.png\n", "-Name '{prompt}'", "FileNameInvalid", "gives people.csv:2 and people.csv:4 the same name; nothing was sent. Add {id} or {row}.")]
    [InlineData("", "", "RequestFileInvalid", "is empty")]
    [InlineData("prompt,face_image\np,face.png\n", "-TimeLimit 30", "ParametersInvalid", "00:30:00 for half an hour")]
    [InlineData("prompt,face_image\np,face.png\n", "-TimeLimit 00:00", "ParametersInvalid", "a second to 7 days")]
    [InlineData("prompt,face_image\np,face.png\n", "-TimeLimit '30'", "ParametersInvalid", "a second to 7 days")]
    [InlineData("prompt,face_image\np,face.png\n", "-MinimumBalance -1", "ParametersInvalid", "must not be less than 0")]
    [InlineData("prompt,face_image\np,face.png\n", "-Name '../{id}'", "FileNameInvalid", "inside the folder")]
    [InlineData("prompt,face_image\np,face.png\n", "-Ledger ''", "LedgerInvalid", "-Ledger is empty")]
    public async Task Batch_invalid_arguments_are_refused_before_anything_is_sent(string csv, string parameters, string id, string words)
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();

        ScriptResult ran = bed.Run($"param($csv, $out) Invoke-FaceGenBatch $csv -Destination $out {parameters}", bed.Write("people.csv", csv), bed.OutputFolder);

        Assert.Empty(ran.Output);
        Assert.Equal(id, GetErrorId(ran.Errors[^1]));
        Assert.Contains(words, ran.Errors[^1].ToString(), StringComparison.Ordinal);
        Assert.Empty(bed.Emulator.Journal.Entries);
        Assert.False(Directory.Exists(bed.OutputFolder));
    }

    [Fact]
    public async Task Batch_empty_or_missing_input_reports_error()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();

        ScriptResult nothing = bed.Run("param($out) @() | Invoke-FaceGenBatch -Destination $out", bed.OutputFolder);
        ScriptResult missing = bed.Run("param($csv, $out) Invoke-FaceGenBatch $csv -Destination $out", Path.Combine(bed.Folder, "gone.csv"), bed.OutputFolder);
        ScriptResult file = bed.Run("param($csv) Invoke-FaceGenBatch $csv -Destination $csv", bed.WriteCsv("p"));

        Assert.Equal("BatchInvalid", GetErrorId(nothing.Error));
        Assert.Equal("RequestFileInvalid", GetErrorId(missing.Error));
        Assert.Equal("FileNotWritten", GetErrorId(file.Error));
    }

    [Fact]
    public async Task Batch_pipeline_rows_are_read_like_file_rows()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();

        // Import-Csv is not among the core cmdlets: its rows are objects of strings.
        BatchResult ran = new(bed.Run("""
            param($folder, $out)
            $null = $ExecutionContext.SessionState.Path.SetLocation($folder)
            [pscustomobject]@{ Prompt = 'a'; FaceImage = 'face.png'; Width = '16'; Height = '16'; GuidanceScale = '7,5'; Colour = 'red' },
            [pscustomobject]@{ prompt = 'b'; face_image = 'face.png'; width = '16'; height = '16'; negative_prompt = ''; safety_checker = 'no'; Colour = 'red' },
            @{ prompt = 'c'; face_image = [IO.File]::ReadAllBytes("$folder/face.png"); width = 16; height = 16 } |
                Invoke-FaceGenBatch -Destination $out -Name '{row}'
            """, bed.Folder, bed.OutputFolder));

        ran.WithoutErrors();
        Assert.Equal(["a", "b", "c"], ran.Prompts);
        Assert.Equal("Input 1: the API has no field 'Colour'; it is left out.", Assert.Single(ran.Result.Warnings));
        Assert.Equal(["1.png", "2.png", "3.png"], Directory.GetFiles(bed.OutputFolder, "*.png").Select(Path.GetFileName).Order());
    }

    [Fact]
    public async Task Batch_invalid_pipeline_row_names_input_and_sends_nothing()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();

        ScriptResult ran = bed.Run("""
            param($face, $out)
            [pscustomobject]@{ prompt = 'a'; face_image = $face },
            [pscustomobject]@{ prompt = 'b'; face_image = $face; width = '900'; samples = 'x' },
            [pscustomobject]@{ prompt = 'c'; face_image = $face; negative_prompt = 'x'; NegativePrompt = 'y' },
            [pscustomobject]@{ prompt = "d$([char]0xFFFD)"; face_image = $face } | Invoke-FaceGenBatch -Destination $out
            """, bed.Face, bed.OutputFolder);

        Assert.Collection(ran.Errors.Select(error => error.ToString()),
            message => Assert.Equal("Input 2: Width must be 1 to 512, not '900'. Samples must be 1 to 2, not 'x'.", message),
            message => Assert.Equal("Input 3: 'negative_prompt' and 'NegativePrompt' both mean 'negative_prompt'.", message),
            message => Assert.StartsWith("Input 4: Prompt must be", message, StringComparison.Ordinal),
            message => Assert.StartsWith("3 of 4 rows are invalid; nothing was sent.", message, StringComparison.Ordinal));
        Assert.Equal("b", ((PSObject)ran.Errors[0].TargetObject).Properties["prompt"].Value);
        Assert.Empty(bed.Emulator.Journal.Entries);
    }

    [Fact]
    public async Task Batch_accepts_requests_paths_files_and_generations()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();
        string csv = bed.WriteCsv("a", "b");

        BatchResult requests = new(bed.Run("param($csv, $out) Import-FaceGenRequest $csv | Invoke-FaceGenBatch -Destination $out", csv, Path.Combine(bed.OutputFolder, "1")));
        BatchResult path = new(bed.Run("param($csv, $out) $csv | Invoke-FaceGenBatch -Destination $out", csv, Path.Combine(bed.OutputFolder, "2")));
        BatchResult file = new(bed.Run("param($csv, $out) [IO.FileInfo] $csv | Invoke-FaceGenBatch -Destination $out", csv, Path.Combine(bed.OutputFolder, "3")));
        BatchResult wildcard = new(bed.Run("param($csv, $out) Invoke-FaceGenBatch $csv -Destination $out", Path.Combine(bed.Folder, "peo*.csv"), Path.Combine(bed.OutputFolder, "4")));
        BatchResult generations = new(bed.Run("param($csv, $out) Import-FaceGenRequest $csv | New-FaceGenImage | Invoke-FaceGenBatch -Destination $out", csv, Path.Combine(bed.OutputFolder, "5")));

        Assert.All([requests, path, file, wildcard, generations], ran => Assert.Equal(["a", "b"], ran.WithoutErrors().Prompts));
        Assert.Equal(["people.csv:2", "people.csv:3"], requests.Items.Select(item => item.Properties["Source"].Value.ToString()).Order());
    }

    [Fact]
    public async Task Batch_WhatIf_creates_nothing_and_needs_no_connection()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();
        string csv = WriteCsvWithInvalidRows(bed);
        bed.Run("Disconnect-FaceGen").WithoutErrors();

        ScriptResult ran = bed.Run("param($csv, $out) Invoke-FaceGenBatch $csv -Destination $out -WhatIf", csv, bed.OutputFolder);

        Assert.Empty(ran.Output);
        Assert.Equal(["RequestInvalid", "FaceImageInvalid"], ran.Errors.Select(GetErrorId));
        Assert.False(Directory.Exists(bed.OutputFolder));
        Assert.Empty(bed.Emulator.Journal.Entries);
    }

    [Fact]
    public async Task Plan_counts_saved_rows_and_images_to_pay_for()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();
        bed.RunBatch(bed.WriteCsv("a", "b", "c")).WithoutErrors();
        string csv = bed.WriteCsv("a", "b", "c", "d", "e", "f", "");

        // Without -WhatIf the same words are a verbose line.
        BatchResult ran = bed.RunBatch(csv, "-SkipInvalid -MaxImages 2 -Verbose");

        string plan = Assert.Single(ran.Result.Verbose, line => line.StartsWith("Pay for", StringComparison.Ordinal));
        Assert.StartsWith(
            $"Pay for 2 images of the 3 that are left and save them in '{bed.OutputFolder}': 7 rows, 3 to send, 0 under way from before, 3 done before, 0 left alone, 1 invalid and left out. "
            + $"The connection 'Default' ({bed.Emulator.BaseUri}#", plan, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plan_counts_pending_rows_missing_from_input()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();
        bed.CreateConflictingFiles("b");
        BatchResult first = bed.RunBatch(bed.WriteCsv("a", "b"), "-Name '{prompt} {date}'");

        BatchResult second = bed.RunBatch(bed.WriteCsv("a"), "-Verbose");

        Assert.Equal("1 row is left (1 sent and not saved yet): run the same command again to go on.", first.Summary.Properties["Message"].Value);
        Assert.Contains(second.Result.Verbose, line => line.Contains("1 row, 0 to send, 1 under way from before, 1 done", StringComparison.Ordinal));
        Assert.Equal(["b"], second.Prompts);
        Assert.Equal(2, bed.Emulator.Journal.Accepted);
    }

    [Fact]
    public async Task Summary_run_limit_reached_names_limit_and_rows_left()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();

        BatchResult ran = bed.RunBatch(bed.WriteCsv("a", "b"), "-MaxImages 1");

        Assert.Equal("Stopped submitting: -MaxImages 1 is reached. 1 row is left: run the same command again to go on.", ran.Summary.Properties["Message"].Value);
        Assert.Equal([(string)ran.Summary.Properties["Message"].Value], ran.Result.Warnings);
    }

    [Fact]
    public async Task Batch_failed_row_error_target_pipes_into_New_FaceGenImage()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();
        bed.Emulator.Faults.Add(FaultRule.Parse("Q1-error@submit:times=1,prompt=bad"));
        // In a runspace that was reset $? is always true.
        using var session = new Session();
        bed.Connect(session);

        ScriptResult ran = session.Run("""
            param($csv, $out)
            Invoke-FaceGenBatch $csv -Destination $out -ErrorVariable failed
            "`$? is $?"
            $failed.TargetObject | New-FaceGenImage
            """, bed.WriteCsv("good", "bad"), bed.OutputFolder);

        Assert.Equal("RequestRefused", GetErrorId(ran.Error));
        Assert.StartsWith("people.csv:3: ", ran.Error.ToString(), StringComparison.Ordinal);
        Assert.Equal(["Failed", "Saved"], ran.Output.Take(2).Select(item => item.Properties["Status"].Value.ToString()).Order());
        Assert.Equal("SomeFailed", ran.Output[2].Properties["State"].Value.ToString());
        Assert.Equal("$? is False", ran.Output[3].BaseObject);
        Assert.Equal("bad", ran.Output[4].Properties["Prompt"].Value);
    }

    [Fact]
    public async Task Batch_failed_row_is_sent_again_only_with_RetryFailed()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();
        bed.Emulator.Faults.Add(FaultRule.Parse("Q1-error@submit:times=1,prompt=bad"));
        string csv = bed.WriteCsv("good", "bad");
        bed.RunBatch(csv);

        BatchResult again = bed.RunBatch(csv).WithoutErrors();
        BatchResult retried = bed.RunBatch(csv, "-RetryFailed").WithoutErrors();

        Assert.Empty(again.Items);
        Assert.Equal("SomeFailed", again.State);
        Assert.Contains("1 row failed, expired or became uncertain in an earlier run", Assert.Single(again.Result.Warnings), StringComparison.Ordinal);
        Assert.Equal(["bad"], retried.Prompts);
        Assert.Equal("Complete", retried.State);
    }

    [Fact]
    public async Task Batch_uncertain_row_is_sent_again_only_with_RetryUncertain()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();
        bed.Emulator.Faults.Add(FaultRule.Parse("accepted-then-dropped@submit:times=1,prompt=lost"));
        // Where the account's list can be read, the row would be found there.
        bed.Emulator.Faults.Add(FaultRule.Parse("unavailable@account"));
        string csv = bed.WriteCsv("good", "lost");

        BatchResult first = bed.RunBatch(csv);
        BatchResult again = bed.RunBatch(csv).WithoutErrors();
        int acceptedBefore = bed.Emulator.Journal.Accepted;
        BatchResult retried = bed.RunBatch(csv, "-RetryUncertain").WithoutErrors();

        Assert.Equal("SubmissionUncertain", GetErrorId(first.Result.Error));
        Assert.StartsWith("people.csv:3: The answer to the submission was lost", first.Result.Error.ToString(), StringComparison.Ordinal);
        Assert.Contains("-RetryUncertain", first.Result.Error.ToString(), StringComparison.Ordinal);
        Assert.Equal(1, first["Uncertain"]);
        Assert.Empty(again.Items);
        Assert.Equal(2, acceptedBefore);
        Assert.Equal("Complete", retried.State);
        Assert.Equal(3, bed.Emulator.Journal.Accepted);
    }

    [Fact]
    public async Task Batch_fatal_error_ends_the_run_after_the_summary()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync(balance: 0.03m);

        BatchResult ran = bed.RunBatch(bed.WriteCsv(BatchFixtureExtensions.Prompts(1, 20)));

        Assert.Equal("OutOfCredits", GetErrorId(ran.Result.Error));
        Assert.Equal("Unfinished", ran.State);
        Assert.Equal((3, 17), (ran["Saved"], ran["Pending"]));
        Assert.Equal(3, ran.Items.Count);
        Assert.Equal(3, Directory.GetFiles(bed.OutputFolder, "*.png").Length);
    }

    [Fact]
    public async Task Batch_not_connected_creates_no_ledger()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();
        string csv = bed.WriteCsv("a");

        ScriptResult ran = bed.Run("param($csv, $out) Disconnect-FaceGen; Invoke-FaceGenBatch $csv -Destination $out", csv, bed.OutputFolder);

        Assert.Equal("NotConnected", GetErrorId(ran.Error));
        Assert.False(Directory.Exists(bed.OutputFolder));
    }

    [Fact]
    public async Task Progress_shows_percent_rate_and_time_left()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync(serviceSeconds: 0.3);
        using System.Management.Automation.PowerShell job = bed.Session.Create(
            "param($csv, $out) Invoke-FaceGenBatch $csv -Destination $out", bed.WriteCsv(BatchFixtureExtensions.Prompts(1, 50)), bed.OutputFolder);

        job.Invoke();

        IReadOnlyList<ProgressRecord> shown = [.. job.Streams.Progress];
        Assert.InRange(shown.Count, 2, 20);
        Assert.Equal(ProgressRecordType.Completed, shown[^1].RecordType);
        ProgressRecord late = shown[^2];
        Assert.Matches(@"^\d+ of 50 done, 0 failed, \d under way, \d+\.\d/min$", late.StatusDescription);
        Assert.InRange(late.PercentComplete, 1, 100);
        Assert.InRange(late.SecondsRemaining, 0, 60);
    }

    private static string GetErrorId(ErrorRecord error) => error.FullyQualifiedErrorId.Split(',')[0];

    /// <summary>Two good rows and two bad ones.</summary>
    private static string WriteCsvWithInvalidRows(SessionFixture fixture) => fixture.Write("people.csv", """
        prompt,face_image,width,height
        good one,face.png,16,16
        too wide,face.png,900,16
        no face,nobody.png,16,16
        good two,face.png,16,16
        """);
}
