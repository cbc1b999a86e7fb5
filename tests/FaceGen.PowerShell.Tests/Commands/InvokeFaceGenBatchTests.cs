using System.Globalization;
using System.Management.Automation;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using FaceGen.Emulator.Faults;
using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests.Commands;

/// <summary>The input, output and messages of Invoke-FaceGenBatch.</summary>
public sealed class InvokeFaceGenBatchTests
{
    [Fact]
    public async Task Missing_column_of_a_name_with_id_is_found_before_anything_is_sent()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run("param($csv, $out) Invoke-FaceGenBatch $csv -Destination $out -Name '{id}-{sam}'", fixture.WriteCsv("a"), fixture.OutputFolder);

        Assert.StartsWith("FileNameInvalid,", result.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Empty(fixture.Emulator.Journal.Entries);
    }

    [Fact]
    public async Task Plan_without_uploads_has_no_uploads()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        string csv = fixture.WriteCsv("a", "b");

        ScriptResult plans = fixture.Run("param($csv, $out) Invoke-FaceGenBatch $csv -Destination $out -PlanOnly; Invoke-FaceGenBatch $csv -Destination $out -PlanOnly -NoUpload", csv, fixture.OutputFolder).WithoutErrors();

        Assert.Equal([1L, 0L], plans.Values("Uploads"));
    }

    [Fact]
    public async Task Image_files_of_the_pipeline_are_face_images()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run("""
            param($face, $csv, $out)
            [IO.FileInfo] $face, [IO.FileInfo] $csv | Invoke-FaceGenBatch -Prompt p -Destination $out | ForEach-Object { "$($_.Prompt) $($_.Request.FaceImage.FilePath)" }
            Invoke-FaceGenBatch $face -Destination $out
            """, fixture.Face, fixture.WriteCsv("in the file"), fixture.OutputFolder);

        Assert.Equal([$"in the file {fixture.Face}", $"p {fixture.Face}"], result.Output.Select(row => row.ToString()).Order(StringComparer.Ordinal));
        Assert.StartsWith($"The request file '{fixture.Face}' is an image.", result.Error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Batch_csv_emits_one_item_per_row_and_ends_with_a_summary()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        BatchResult result = fixture.RunBatch(fixture.WriteCsv(BatchFixtureExtensions.Prompts(1, 12)), "-Name '{row} {prompt}' -Sidecar").WithoutErrors();

        Assert.Equal(BatchFixtureExtensions.Prompts(1, 12), result.Prompts);
        Assert.All(result.Statuses, status => Assert.Equal("Saved", status));
        Assert.Equal("Complete", result.State);
        Assert.Equal((12, 12, 12, 12), (result["Rows"], result["Saved"], result["Submitted"], result["ImagesPaid"]));
        Assert.Equal("", result.Summary.Properties["Message"].Value);
        Assert.Empty(result.Result.Warnings);
        Assert.Equal(12, Directory.GetFiles(fixture.OutputFolder, "*.png").Length);
        Assert.Equal(12, Directory.GetFiles(fixture.OutputFolder, "*.json").Length);
        Assert.True(File.Exists(Path.Combine(fixture.OutputFolder, "12 person 012.png")));
        Assert.Equal(12, fixture.Emulator.Journal.Accepted);
        Assert.Equal(Path.Combine(fixture.OutputFolder, "facegen.ledger"), result.Summary.Properties["Ledger"].Value);
        Assert.True(File.Exists(Path.Combine(fixture.OutputFolder, "facegen.ledger")));
    }

    [Fact]
    public async Task Batch_summary_comes_after_the_ledger_is_closed()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run(
            "param($csv, $out) Invoke-FaceGenBatch $csv -Destination $out -SummaryOnly | ForEach-Object { if ($_.Ledger) { [IO.Directory]::GetFiles($out, '*.ledger*') } }",
            fixture.WriteCsv("a", "b"), fixture.OutputFolder).WithoutErrors();

        Assert.Equal(["facegen.ledger", "facegen.ledger.lock"], result.Output.Select(file => Path.GetFileName(file.ToString())).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Batch_emits_items_only()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        string csv = fixture.WriteCsv("a", "b");

        ScriptResult result = fixture.Run("param($csv, $out) $summary = 'old'; Invoke-FaceGenBatch $csv $out -SummaryVariable summary; $summary", csv, fixture.OutputFolder).WithoutErrors();
        ScriptResult again = fixture.Run("param($csv, $out) Invoke-FaceGenBatch $csv $out -SummaryOnly", csv, fixture.OutputFolder).WithoutErrors();
        ScriptResult nothing = fixture.Run("param($csv, $out) Invoke-FaceGenBatch $csv $out", csv, fixture.OutputFolder).WithoutErrors();

        Assert.Equal(["BatchItem", "BatchItem", "BatchSummary"], result.Output.Select(item => item.BaseObject.GetType().Name));
        Assert.Same(result.Output[2].BaseObject, Assert.Single(result.Information));
        Assert.Equal("BatchSummary", again.Single.BaseObject.GetType().Name);
        Assert.Empty(nothing.Output);
        Assert.Equal("Complete: 2 of 2 saved, 0 failed, 0 uncertain, 0 left", Assert.Single(nothing.OtherStreams, line => line.StartsWith("Complete", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task SummaryVariable_is_null_if_the_run_did_not_begin()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run(
            "param($csv, $out) $summary = 'old'; try { Invoke-FaceGenBatch $csv $out -SummaryVariable summary -ErrorAction SilentlyContinue } catch { \"$_\" }; $null -eq $summary",
            WriteCsvWithInvalidRows(fixture), fixture.OutputFolder);

        Assert.StartsWith("2 of 4 rows are invalid.", result.Output[0].ToString(), StringComparison.Ordinal);
        Assert.Equal(true, result.Output[1].BaseObject);
    }

    [Fact]
    public async Task PlanOnly_emits_the_plan_and_needs_no_connection()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        fixture.Emulator.Faults.Add(FaultRule.Parse("Q1-error@submit:prompt=bad"));
        fixture.RunBatch(fixture.WriteCsv("a", "bad"));
        int calls = fixture.Emulator.Journal.Entries.Count;
        string csv = fixture.Write("people.csv", """
            prompt,face_image,width,height,samples
            a,face.png,16,16,
            bad,face.png,16,16,
            large,face.png,512,768,2
            large,face.png,512,768,2
            "quotes ""width"":512,""height"":768,",face.png,16,16,2
            ,face.png,16,16,
            """);
        fixture.Run("Disconnect-FaceGen").WithoutErrors();

        ScriptResult result = fixture.Run("param($csv, $out) Invoke-FaceGenBatch $csv $out -PlanOnly -MaxImages 5 -LogPath $out/run.jsonl", csv, fixture.OutputFolder);

        Assert.Equal("RequestInvalid", GetErrorId(result.Error));
        const string Expected = "Rows 6, Done 1, Failed 1, NotRetried 1, ToSubmit 3, Images 6, ImagesToPay 4, ImagesAtRisk 2, Duplicates 1, Invalid 1, Uploads 1, Cost 0.04";
        Assert.Equal(Expected, string.Join(", ", Expected.Split(", ").Select(count => count.Split(' ')[0]).Select(name => $"{name} {result.Single.Properties[name].Value}")));
        Assert.Equal(calls, fixture.Emulator.Journal.Entries.Count);
        Assert.False(File.Exists(Path.Combine(fixture.OutputFolder, "run.jsonl")));
    }

    [Fact]
    public async Task PlanOnly_and_batch_show_the_cost_that_balances_show()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run("""
            param($face, $csv, $more, $out)
            (Invoke-FaceGenBatch $csv $out -PlanOnly).Cost
            $null = Get-FaceGenBalance
            $null = New-FaceGenImage p $face -Samples 2 -Width 16
            # One image comes, and one is charged.
            $null = New-FaceGenImage p $face -Samples 2 -Width 512 -Height 768 -WarningAction Ignore
            $null = Get-FaceGenBalance
            $plan = Invoke-FaceGenBatch $csv $out -PlanOnly
            $plan.Cost; $plan.Currency
            $null = Invoke-FaceGenBatch $csv $out
            (Get-FaceGenBatch $out).TotalCost
            """, fixture.Face, fixture.WriteCsv("a", "b", "c"), null, fixture.OutputFolder).WithoutErrors();

        Assert.Null(result.Output[0]);
        Assert.Equal([0.03m, "USD", 0.03m], result.Output.Skip(1).Select(value => value.BaseObject));
    }

    [Fact]
    public async Task LogPath_has_one_flat_record_for_each_event()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        fixture.Emulator.Faults.Add(FaultRule.Parse("Q1-error@submit:prompt=bad"));
        fixture.Emulator.Faults.Add(FaultRule.Parse("Q5-rate-limit@submit:times=1,prompt=a"));
        string log = Path.Combine(fixture.Folder, "run.jsonl");

        BatchResult result = fixture.RunBatch(fixture.WriteCsv("a", "bad", ""), $"-SkipInvalid -LogPath '{log}'");
        fixture.RunBatch(fixture.WriteCsv("a"), $"-LogPath '{log}'");

        JsonObject[] records = [.. File.ReadAllLines(log).Select(line => JsonNode.Parse(line)!.AsObject())];
        Assert.All(records, record => Assert.All(record, property => Assert.False(property.Value is JsonArray or JsonObject)));
        Assert.All(records, record => Assert.True(DateTimeOffset.TryParse((string?)record["time"], CultureInfo.InvariantCulture, out _)));
        Assert.Equal(2, records.Select(record => (string?)record["run"]).Distinct().Count());
        string[] events = [.. records.Select(record => $"{record["event"]} {record["row"]} {record["status"] ?? record["state"]} {record["errorCode"]}".TrimEnd())];
        Assert.Equal("RunBegin", events[0]);
        Assert.Equal("RunEnd  SomeFailed", events[5]);
        Assert.Equal(["RowEnd people.csv:2 Saved", "RowEnd people.csv:3 Failed RequestRefused", "RowEnd people.csv:4 Invalid RequestInvalid", "Retry people.csv:2  ServiceBusy"],
            events[1..5].Order(StringComparer.Ordinal).OrderBy(line => line[1] == 'e'));
        Assert.Equal(["RunBegin", "RunEnd  Complete"], events[6..]);
        Assert.Equal(result.Items.Single(item => item.Properties["Id"].Value is not null).Properties["Id"].Value, (string?)records.Single(record => (string?)record["status"] == "Saved")["id"]);
    }

    [Fact]
    public async Task LogPath_records_stop_and_failure()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync(balance: 0m);
        string log = Path.Combine(fixture.Folder, "run.jsonl");
        string csv = fixture.WriteCsv("a");

        fixture.RunBatch(csv, $"-LogPath '{log}'");
        fixture.Run("param($csv, $out, $log) Invoke-FaceGenBatch $csv $out -LogPath $log", fixture.Write("empty.csv", "prompt,face_image\n"), fixture.OutputFolder, log);
        fixture.Run("param($csv, $out, $log) Invoke-FaceGenBatch $csv $out -LogPath $log | ForEach-Object { throw 'stop' }", csv, fixture.OutputFolder, log);
        ScriptResult folder = fixture.Run("param($csv, $out) Invoke-FaceGenBatch $csv $out -LogPath $out", csv, fixture.OutputFolder);

        string?[] ends = [.. File.ReadAllLines(log).Select(line => JsonNode.Parse(line)!).Where(record => (string?)record["event"] == "RunEnd").Select(record => $"{record["state"]} {record["errorCode"]}")];
        Assert.Equal(["Unfinished OutOfCredits", "Failed BatchInvalid"], ends.Take(2));
        Assert.StartsWith("FileNotWritten,", folder.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Errors_alike_are_counted_and_kept_in_ErrorVariable()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        string csv = fixture.Write("people.csv", "prompt,face_image\n" + string.Concat(Enumerable.Range(1, 50).Select(row => $"p{row},gone.png\n")) + "wide,face.png\n");

        ScriptResult result = fixture.Run("""
            param($csv, $out)
            Import-FaceGenRequest $csv -ErrorVariable failed
            $failed.Count
            Invoke-FaceGenBatch $csv $out -PlanOnly -ErrorAction SilentlyContinue -ErrorVariable quiet | Out-Null
            $quiet.Count
            """.Replace(" | Out-Null", " > $null", StringComparison.Ordinal), csv, fixture.OutputFolder);

        Assert.Equal(20, result.Errors.Count(error => error.TargetObject is not null));
        Assert.Equal([50, 50], result.Output.TakeLast(2).Select(count => count.BaseObject));
        Assert.Equal(["30 more errors are FaceImageInvalid. They are not shown; -ErrorVariable contains all errors."], result.Warnings);
    }

    [Fact]
    public async Task Batch_deserialized_face_bytes_reports_one_row_error()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        BatchResult result = new(fixture.Run("""
            param($face, $out)
            function Send-Away { $input | ForEach-Object { [Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize($_, 2)) } }
            $images = New-FaceGenImage a ([IO.File]::ReadAllBytes($face)); $images = @($images) + (New-FaceGenImage b $face)
            $images | Send-Away | Invoke-FaceGenBatch -Destination $out -SkipInvalid
            """, fixture.Face, fixture.OutputFolder));

        Assert.StartsWith("Input 1: The face image was given as bytes, which a file, a job or a remote session does not keep.", result.Result.Error.ToString(), StringComparison.Ordinal);
        Assert.Equal(("SomeFailed", 1), (result.State, result["Saved"]));
    }

    [Fact]
    public async Task Batch_value_in_other_case_is_the_same_row()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        string csv = Path.Combine(fixture.Folder, "styles.csv");
        File.WriteAllLines(csv, ["prompt,face_image,style", $"a,{fixture.Face},anime", $"b,{fixture.Face},"]);

        ScriptResult result = fixture.Run("""
            param($csv, $out)
            $null = Invoke-FaceGenBatch $csv -Destination $out
            $rows = @(Import-FaceGenRequest $csv)
            $rows[0].Style = 'Anime '
            $rows[1].Style = $rows[1].NegativePrompt = $null
            $rows | Invoke-FaceGenBatch -Destination $out -SummaryOnly
            $rows | New-FaceGenImage -Width 16
            """, csv, fixture.OutputFolder).WithoutErrors();

        Assert.Equal(("Complete", 0), (result.Output[0].Properties["State"].Value.ToString(), Convert.ToInt32(result.Output[0].Properties["Submitted"].Value, CultureInfo.InvariantCulture)));
        Assert.Equal(3, result.Output.Count);
        Assert.Equal(4, fixture.Emulator.Journal.Accepted);
    }

    [Fact]
    public async Task Batch_input_without_row_gets_its_own_file_name()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run("""
            param($face, $out)
            $numbered = 'x' | New-FaceGenImage -FaceImage $face -Width 16
            (New-FaceGenImage y $face -Width 16), $numbered | Invoke-FaceGenBatch -Destination $out -Name '{row}' -SummaryOnly
            """, fixture.Face, fixture.OutputFolder).WithoutErrors();

        Assert.Equal("Complete", result.Single.Properties["State"].Value.ToString());
    }

    [Fact]
    public async Task Batch_lost_response_error_has_one_remedy()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        fixture.Emulator.Faults.Add(FaultRule.Parse("accepted-then-dropped@submit:times=1"));

        BatchResult result = fixture.RunBatch(fixture.WriteCsv("a"));

        string message = result.Result.Error.ToString();
        Assert.StartsWith("people.csv:2: The response to the submission was lost (", message, StringComparison.Ordinal);
        Assert.Single(Regex.Matches(message, "-RetryUncertain"));
        Assert.Single(Regex.Matches(message, "It was not sent again\\."));
    }

    [Fact]
    public async Task Batch_item_files_can_be_indexed()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        string csv = Path.Combine(fixture.Folder, "two.csv");
        File.WriteAllLines(csv, ["prompt,face_image,samples,width,height", $"a,{fixture.Face},2,16,16"]);

        ScriptResult result = fixture.Run("param($csv, $out) (Invoke-FaceGenBatch $csv -Destination $out)[0].Files[-1].FullName", csv, fixture.OutputFolder).WithoutErrors();

        Assert.EndsWith("-2.png", Assert.Single(result.Output).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Batch_changed_request_is_validated()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        string csv = fixture.WriteCsv("a", "b");

        ScriptResult result = fixture.Run("""
            param($csv, $out)
            $rows = Import-FaceGenRequest $csv
            $rows[1].Samples = 50
            $rows | Invoke-FaceGenBatch -Destination $out
            """, csv, fixture.OutputFolder);

        Assert.Equal(2, result.Errors.Count);
        Assert.Equal("people.csv:3: Samples must be 1 to 2, not 50. The row was not sent.", result.Errors[0].ToString());
        Assert.StartsWith("1 of 2 rows is invalid. Nothing was sent.", result.Errors[1].ToString(), StringComparison.Ordinal);
        Assert.Equal(0, fixture.Emulator.Journal.Accepted);
    }

    [Fact]
    public async Task Batch_invalid_row_sends_nothing_and_errors_name_lines()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        string csv = WriteCsvWithInvalidRows(fixture);

        ScriptResult result = fixture.Run("param($csv, $out) Invoke-FaceGenBatch $csv -Destination $out", csv, fixture.OutputFolder);

        Assert.Empty(result.Output);
        Assert.Collection(result.Errors.Select(error => error.ToString()),
            message => Assert.StartsWith("people.csv:3: Width must be", message, StringComparison.Ordinal),
            message => Assert.Contains("people.csv:4: The face image '", message, StringComparison.Ordinal),
            message => Assert.Equal("2 of 4 rows are invalid. Nothing was sent. Fix them, or skip them with -SkipInvalid.", message));
        Assert.Equal("people.csv:3", result.Errors[0].TargetObject.ToString());
        Assert.StartsWith("BatchInvalid,", result.Errors[2].FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Empty(fixture.Emulator.Journal.Entries);
        Assert.False(Directory.Exists(fixture.OutputFolder));
    }

    [Fact]
    public async Task Batch_refused_input_keeps_the_ledger_unchanged()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        fixture.RunBatch(fixture.WriteCsv("a", "b")).WithoutErrors();

        ScriptResult refused = fixture.Run("param($csv, $out) Invoke-FaceGenBatch $csv -Destination $out", WriteCsvWithInvalidRows(fixture), fixture.OutputFolder);
        ScriptResult batch = fixture.Run("param($out) Get-FaceGenBatch $out", fixture.OutputFolder).WithoutErrors();

        Assert.Equal("BatchInvalid", GetErrorId(refused.Errors[^1]));
        Assert.Equal(("Complete", 2L), (batch.Single.Properties["State"].Value.ToString(), batch.Single.Properties["Rows"].Value));
    }

    [Fact]
    public async Task SkipInvalid_runs_valid_rows_and_warns()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        BatchResult result = fixture.RunBatch(WriteCsvWithInvalidRows(fixture), "-SkipInvalid");

        Assert.Equal(["RequestInvalid", "FaceImageInvalid"], result.Result.Errors.Select(GetErrorId));
        Assert.Equal(["good one", "good two"], result.Prompts);
        Assert.Equal("SomeFailed", result.State);
        Assert.Equal((2, 2, 2), (result["Rows"], result["Saved"], result["Invalid"]));
        Assert.StartsWith("SomeFailed: 2 of 2 saved, 0 failed, 0 uncertain, 0 left, 2 invalid", result.Summary.ToString(), StringComparison.Ordinal);
        // The ledger does not contain invalid rows.
        Assert.Equal("Complete", fixture.Run("param($out) Get-FaceGenBatch $out", fixture.OutputFolder).WithoutErrors().Single.Properties["State"].Value.ToString());
        string message = "2 rows of the input are invalid and were skipped. Get-FaceGenBatch does not count them. Fix them and run the same command again.";
        Assert.Equal(message, result.Summary.Properties["Message"].Value);
        Assert.Equal(message, Assert.Single(result.Result.Warnings));
    }

    [Theory]
    [InlineData("prompt,face_image\n", "", "BatchInvalid", "The input has no rows. Nothing was sent.")]
    [InlineData("prompt,face_image\n,face.png\n", "-SkipInvalid", "BatchInvalid", "1 of 1 row is invalid. Nothing was sent. Fix it.")]
    [InlineData("prompt,face_image\np,face.png\n,face.png\n", "", "BatchInvalid", "Fix it, or skip it with -SkipInvalid.")]
    [InlineData("prompt,face_image\np,face.png\nq,face.png\n", "-Name '{date}'", "FileNameInvalid", "gives all rows the same file name. Nothing was sent.")]
    [InlineData("prompt,face_image\np,face.png\nq,face.png\np,face.png\n", "-Name '{prompt}'", "FileNameInvalid", "gives people.csv:2 and people.csv:4 the same file name. Nothing was sent. Add {id} or {row}.")]
    [InlineData("", "", "RequestFileInvalid", "is empty")]
    [InlineData("prompt,face_image\np,face.png\n", "-TimeLimit 30", "ParametersInvalid", "00:30:00 for half an hour")]
    [InlineData("prompt,face_image\np,face.png\n", "-TimeLimit 00:00", "ParametersInvalid", "1 second to 7 days")]
    [InlineData("prompt,face_image\np,face.png\n", "-TimeLimit '30'", "ParametersInvalid", "1 second to 7 days")]
    [InlineData("prompt,face_image\np,face.png\n", "-MinimumBalance -1", "ParametersInvalid", "must be 0 or more")]
    [InlineData("prompt,face_image\np,face.png\n", "-Name '../{id}'", "FileNameInvalid", "inside the folder")]
    [InlineData("prompt,face_image\np,face.png\n", "-Ledger ''", "LedgerInvalid", "-Ledger is empty")]
    public async Task Batch_invalid_arguments_are_refused_before_anything_is_sent(string csv, string parameters, string id, string message)
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run($"param($csv, $out) Invoke-FaceGenBatch $csv -Destination $out {parameters}", fixture.Write("people.csv", csv), fixture.OutputFolder);

        Assert.Empty(result.Output);
        Assert.Equal(id, GetErrorId(result.Errors[^1]));
        Assert.Contains(message, result.Errors[^1].ToString(), StringComparison.Ordinal);
        Assert.Empty(fixture.Emulator.Journal.Entries);
        Assert.False(Directory.Exists(fixture.OutputFolder));
    }

    [Fact]
    public async Task Batch_empty_or_missing_input_reports_error()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult nothing = fixture.Run("param($out) @() | Invoke-FaceGenBatch -Destination $out", fixture.OutputFolder);
        ScriptResult missing = fixture.Run("param($csv, $out) Invoke-FaceGenBatch $csv -Destination $out", Path.Combine(fixture.Folder, "gone.csv"), fixture.OutputFolder);
        ScriptResult file = fixture.Run("param($csv) Invoke-FaceGenBatch $csv -Destination $csv", fixture.WriteCsv("p"));

        Assert.Equal("BatchInvalid", GetErrorId(nothing.Error));
        Assert.Equal("RequestFileInvalid", GetErrorId(missing.Error));
        Assert.Equal("FileNotWritten", GetErrorId(file.Error));
    }

    [Fact]
    public async Task Batch_pipeline_rows_are_read_like_file_rows()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        // The engine of the tests has no Import-Csv: its rows are objects of strings.
        BatchResult result = new(fixture.Run("""
            param($folder, $out)
            $null = $ExecutionContext.SessionState.Path.SetLocation($folder)
            [pscustomobject]@{ Prompt = 'a'; FaceImage = 'face.png'; Width = '16'; Height = '16'; GuidanceScale = '7,5'; Colour = 'red' },
            [pscustomobject]@{ prompt = 'b'; face_image = 'face.png'; width = '16'; height = '16'; negative_prompt = ''; safety_checker = 'no'; Colour = 'red' },
            @{ prompt = 'c'; face_image = [IO.File]::ReadAllBytes("$folder/face.png"); width = 16; height = 16 } |
                Invoke-FaceGenBatch -Destination $out -Name '{row}'
            """, fixture.Folder, fixture.OutputFolder));

        result.WithoutErrors();
        Assert.Equal(["a", "b", "c"], result.Prompts);
        Assert.Empty(result.Result.Warnings);
        Assert.Equal(["1.png", "2.png", "3.png"], Directory.GetFiles(fixture.OutputFolder, "*.png").Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Batch_invalid_pipeline_row_names_input_and_sends_nothing()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run("""
            param($face, $out)
            [pscustomobject]@{ prompt = 'a'; face_image = $face },
            [pscustomobject]@{ prompt = 'b'; face_image = $face; width = '900'; samples = 'x' },
            [pscustomobject]@{ prompt = 'c'; face_image = $face; negative_prompt = 'x'; NegativePrompt = 'y' },
            [pscustomobject]@{ prompt = "d$([char]0xFFFD)"; face_image = $face } | Invoke-FaceGenBatch -Destination $out
            """, fixture.Face, fixture.OutputFolder);

        Assert.Collection(result.Errors.Select(error => error.ToString()),
            message => Assert.Matches("^Input 2: Width must be .* Samples must be .* The row was not sent.$", message),
            message => Assert.Equal("Input 3: 'negative_prompt' and 'NegativePrompt' both mean 'negative_prompt'. The row was not sent.", message),
            message => Assert.StartsWith("Input 4: Prompt must be", message, StringComparison.Ordinal),
            message => Assert.StartsWith("3 of 4 rows are invalid. Nothing was sent.", message, StringComparison.Ordinal));
        Assert.Equal("b", ((PSObject)result.Errors[0].TargetObject).Properties["prompt"].Value);
        Assert.Empty(fixture.Emulator.Journal.Entries);
    }

    [Fact]
    public async Task Batch_accepts_requests_paths_files_and_generations()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        string csv = fixture.WriteCsv("a", "b");

        BatchResult requests = new(fixture.Run("param($csv, $out) Import-FaceGenRequest $csv | Invoke-FaceGenBatch -Destination $out", csv, Path.Combine(fixture.OutputFolder, "1")));
        BatchResult path = new(fixture.Run("param($csv, $out) $csv | Invoke-FaceGenBatch -Destination $out", csv, Path.Combine(fixture.OutputFolder, "2")));
        BatchResult file = new(fixture.Run("param($csv, $out) [IO.FileInfo] $csv | Invoke-FaceGenBatch -Destination $out", csv, Path.Combine(fixture.OutputFolder, "3")));
        BatchResult wildcard = new(fixture.Run("param($csv, $out) Invoke-FaceGenBatch $csv -Destination $out", Path.Combine(fixture.Folder, "peo*.csv"), Path.Combine(fixture.OutputFolder, "4")));
        BatchResult generations = new(fixture.Run("param($csv, $out) Import-FaceGenRequest $csv | New-FaceGenImage | Invoke-FaceGenBatch -Destination $out", csv, Path.Combine(fixture.OutputFolder, "5")));

        Assert.All([requests, path, file, wildcard, generations], result => Assert.Equal(["a", "b"], result.WithoutErrors().Prompts));
        Assert.Equal(["people.csv:2", "people.csv:3"], requests.Items.Select(item => item.Properties["Source"].Value.ToString()).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Batch_WhatIf_creates_nothing_and_needs_no_connection()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        string csv = WriteCsvWithInvalidRows(fixture);
        fixture.Run("Disconnect-FaceGen").WithoutErrors();

        ScriptResult result = fixture.Run("param($csv, $out) Invoke-FaceGenBatch $csv -Destination $out -WhatIf", csv, fixture.OutputFolder);

        Assert.Empty(result.Output);
        Assert.Equal(["RequestInvalid", "FaceImageInvalid"], result.Errors.Select(GetErrorId));
        Assert.False(Directory.Exists(fixture.OutputFolder));
        Assert.Empty(fixture.Emulator.Journal.Entries);
    }

    [Fact]
    public async Task Plan_counts_saved_rows_and_images_to_pay_for()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        fixture.RunBatch(fixture.WriteCsv("a", "b", "c")).WithoutErrors();
        string csv = fixture.WriteCsv("a", "b", "c", "d", "e", "f", "");

        // Without -WhatIf the plan is a verbose message.
        BatchResult result = fixture.RunBatch(csv, "-SkipInvalid -MaxImages 2 -Verbose");

        string plan = Assert.Single(result.Result.Verbose, line => line.StartsWith("Pay for", StringComparison.Ordinal));
        Assert.StartsWith(
            $"Pay for 2 of 3 images (about 0.02 USD) and save them in '{fixture.OutputFolder}': 7 rows, 3 to send with 1 upload of face images, 0 in progress from an earlier run, 3 done, 0 not retried, 1 invalid and skipped. "
            + $"The account of the connection 'Default' ({fixture.Emulator.BaseUri}#", plan, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plan_counts_pending_rows_missing_from_input()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        fixture.CreateConflictingFiles("b");
        BatchResult first = fixture.RunBatch(fixture.WriteCsv("a", "b"), "-Name '{prompt} {date}'");

        BatchResult second = fixture.RunBatch(fixture.WriteCsv("a"), "-Verbose");

        Assert.Equal("1 row is left (1 paid for and not saved yet). Run the same command again to continue.", first.Summary.Properties["Message"].Value);
        Assert.Contains(second.Result.Verbose, line => line.Contains("1 row, 0 to send, 1 in progress from an earlier run, 1 done", StringComparison.Ordinal));
        Assert.Equal(["b"], second.Prompts);
        Assert.Equal(2, fixture.Emulator.Journal.Accepted);
    }

    [Fact]
    public async Task Summary_run_limit_reached_names_limit_and_rows_left()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        BatchResult result = fixture.RunBatch(fixture.WriteCsv("a", "b"), "-MaxImages 1");

        Assert.Equal("Nothing more is submitted: -MaxImages 1 is reached. 1 row is left. Run the same command again to continue.", result.Summary.Properties["Message"].Value);
        Assert.Equal([(string)result.Summary.Properties["Message"].Value], result.Result.Warnings);
    }

    [Fact]
    public async Task Batch_failed_row_error_target_pipes_into_New_FaceGenImage()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        fixture.Emulator.Faults.Add(FaultRule.Parse("Q1-error@submit:times=1,prompt=bad"));
        // In a reset runspace $? is always true.
        using var session = new Session();
        fixture.Connect(session);

        ScriptResult result = session.Run("""
            param($csv, $out)
            Invoke-FaceGenBatch $csv -Destination $out -ErrorVariable failed -SummaryVariable summary
            "`$? is $?"
            $summary
            $failed.TargetObject | New-FaceGenImage
            """, fixture.WriteCsv("good", "bad"), fixture.OutputFolder);

        Assert.Equal("RequestRefused", GetErrorId(result.Error));
        Assert.StartsWith("people.csv:3: ", result.Error.ToString(), StringComparison.Ordinal);
        Assert.Equal(["Failed", "Saved"], result.Output.Take(2).Select(item => item.Properties["Status"].Value.ToString()).Order(StringComparer.Ordinal));
        Assert.Equal("$? is False", result.Output[2].BaseObject);
        Assert.Equal("SomeFailed", result.Output[3].Properties["State"].Value.ToString());
        Assert.Equal("bad", result.Output[4].Properties["Prompt"].Value);
    }

    [Fact]
    public async Task Batch_failed_row_is_sent_again_only_with_RetryFailed()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        fixture.Emulator.Faults.Add(FaultRule.Parse("Q1-error@submit:times=1,prompt=bad"));
        string csv = fixture.WriteCsv("good", "bad");
        fixture.RunBatch(csv);

        BatchResult again = fixture.RunBatch(csv).WithoutErrors();
        BatchResult retried = fixture.RunBatch(csv, "-RetryFailed").WithoutErrors();

        Assert.Empty(again.Items);
        Assert.Equal("SomeFailed", again.State);
        Assert.Equal(
            "1 row of an earlier run is not sent again: 1 failed. Get-FaceGenBatchItem -Status Failed shows why. -RetryFailed sends failed and expired rows again.",
            Assert.Single(again.Result.Warnings));
        Assert.Equal(["bad"], retried.Prompts);
        Assert.Equal("Complete", retried.State);
    }

    [Fact]
    public async Task Batch_uncertain_row_is_sent_again_only_with_RetryUncertain()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        fixture.Emulator.Faults.Add(FaultRule.Parse("accepted-then-dropped@submit:times=1,prompt=lost"));
        // If the account could be read, the row would be reconciled.
        fixture.Emulator.Faults.Add(FaultRule.Parse("unavailable@account"));
        string csv = fixture.WriteCsv("good", "lost");

        BatchResult first = fixture.RunBatch(csv);
        BatchResult again = fixture.RunBatch(csv).WithoutErrors();
        int acceptedBefore = fixture.Emulator.Journal.Accepted;
        BatchResult retried = fixture.RunBatch(csv, "-RetryUncertain").WithoutErrors();

        Assert.Equal("SubmissionUncertain", GetErrorId(first.Result.Error));
        Assert.StartsWith("people.csv:3: The response to the submission was lost", first.Result.Error.ToString(), StringComparison.Ordinal);
        Assert.Contains("-RetryUncertain", first.Result.Error.ToString(), StringComparison.Ordinal);
        Assert.Equal(1, first["Uncertain"]);
        Assert.Empty(again.Items);
        Assert.Equal(2, acceptedBefore);
        Assert.Equal("Complete", retried.State);
        Assert.Equal(3, fixture.Emulator.Journal.Accepted);
    }

    [Fact]
    public async Task Batch_fatal_error_ends_the_run_after_the_summary()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync(balance: 0.03m);

        BatchResult result = fixture.RunBatch(fixture.WriteCsv(BatchFixtureExtensions.Prompts(1, 20)));

        Assert.Equal("OutOfCredits", GetErrorId(result.Result.Error));
        Assert.Same(result.Summary.BaseObject, result.Result.Error.TargetObject);
        Assert.Equal("Unfinished", result.State);
        Assert.Equal((3, 17), (result["Saved"], result["Pending"]));
        Assert.Equal(3, result.Items.Count);
        Assert.Equal(3, Directory.GetFiles(fixture.OutputFolder, "*.png").Length);
    }

    [Fact]
    public async Task Batch_not_connected_creates_no_ledger()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        string csv = fixture.WriteCsv("a");

        ScriptResult result = fixture.Run("param($csv, $out) Disconnect-FaceGen; Invoke-FaceGenBatch $csv -Destination $out", csv, fixture.OutputFolder);

        Assert.Equal("NotConnected", GetErrorId(result.Error));
        Assert.False(Directory.Exists(fixture.OutputFolder));
    }

    [Fact]
    public async Task Progress_shows_percent_rate_and_time_left()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync(serviceSeconds: 0.3);
        using System.Management.Automation.PowerShell job = fixture.Session.Create(
            "param($csv, $out) Invoke-FaceGenBatch $csv -Destination $out", fixture.WriteCsv(BatchFixtureExtensions.Prompts(1, 50)), fixture.OutputFolder);

        job.Invoke();

        IReadOnlyList<ProgressRecord> shown = [.. job.Streams.Progress];
        Assert.InRange(shown.Count, 2, 20);
        Assert.Equal(ProgressRecordType.Completed, shown[^1].RecordType);
        ProgressRecord late = shown[^2];
        Assert.Matches(@"^\d+ of 50 done, 0 failed, \d in progress, \d+\.\d/min$", late.StatusDescription);
        Assert.InRange(late.PercentComplete, 1, 100);
        Assert.InRange(late.SecondsRemaining, 0, 60);
    }

    private static string GetErrorId(ErrorRecord error) => error.FullyQualifiedErrorId.Split(',')[0];

    /// <summary>Writes two valid and two invalid rows.</summary>
    private static string WriteCsvWithInvalidRows(SessionFixture fixture) => fixture.Write("people.csv", """
        prompt,face_image,width,height
        good one,face.png,16,16
        too wide,face.png,900,16
        no face,nobody.png,16,16
        good two,face.png,16,16
        """);
}
