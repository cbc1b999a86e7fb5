using System.Globalization;
using System.Management.Automation;
using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests.Commands;

public sealed class NewFaceGenImageTests
{
    [Theory]
    [InlineData("Retry", "ParametersInvalid,")]
    [InlineData("Retr", "AmbiguousParameter,")]
    [InlineData("R", "AmbiguousParameter,")]
    public async Task Retry_abbreviated_is_refused(string parameter, string error)
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run($"param($face) New-FaceGenImage p $face -{parameter}", fixture.Face);
        ScriptResult batch = fixture.Run($"param($csv, $out) Invoke-FaceGenBatch $csv $out -{parameter}", fixture.WriteCsv("a"), fixture.OutputFolder);

        Assert.StartsWith(error, result.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.StartsWith("AmbiguousParameter,", batch.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(0, fixture.Emulator.Journal.Accepted);
    }

    [Fact]
    public async Task Number_from_the_pipeline_is_not_a_prompt()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult number = fixture.Run("param($face) 42 | New-FaceGenImage -FaceImage $face", fixture.Face);
        ScriptResult seeds = fixture.Run("param($face) 1..2 | New-FaceGenImage p $face -Seed { $_ } -Width 16", fixture.Face).WithoutErrors();

        Assert.StartsWith("Input 1: The input is a value of the type Int32, not a prompt", number.Error.ToString(), StringComparison.Ordinal);
        Assert.Equal([1L, 2L], seeds.Values("Seed").Order());
    }

    [Fact]
    public async Task Verbose_names_accepted_generation_and_expected_time()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync(serviceSeconds: 1);

        ScriptResult typed = fixture.Run("param($face) New-FaceGenImage 'a pilot' $face -Width 16 -Verbose", fixture.Face).WithoutErrors();
        ScriptResult batch = fixture.Run("param($csv, $out) Invoke-FaceGenBatch $csv -Destination $out -Verbose", fixture.WriteCsv("a"), fixture.OutputFolder).WithoutErrors();

        Assert.Contains($"'a pilot': generation {typed.Values("Id").Single()} was accepted, and is expected in 1.0 s.", typed.Verbose);
        Assert.Contains($"people.csv:2: generation {batch.Output[0].Properties["Id"].Value} was accepted, and is expected in 1.0 s.", batch.Verbose);
    }

    [Fact]
    public async Task New_image_emits_finished_generation()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        PSObject generation = fixture.Run("param($face) New-FaceGenImage 'a pilot' -FaceImage $face -Style anime -Seed 7 -Samples 2 -TrackId 12", fixture.Face).WithoutErrors().Single;

        Assert.Equal("Success", generation.Properties["Status"].Value.ToString());
        Assert.Equal(2, ((IEnumerable<Uri>)generation.Properties["Output"].Value).Count());
        Assert.Equal("a pilot", generation.Properties["Prompt"].Value);
        Assert.Equal(7L, generation.Properties["Seed"].Value);
        Assert.Equal("12", generation.Properties["TrackId"].Value);
        Assert.Equal(1, fixture.Emulator.Journal.Accepted);
    }

    [Fact]
    public async Task New_image_sends_exactly_the_given_fields()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        fixture.Run("""
            param($face)
            New-FaceGenImage p $face -NegativePrompt n -Width 64 -Height 72 -NumInferenceSteps 31 -GuidanceScale 7.5 `
                -SScale 0.5 -Samples 1 -SafetyChecker $true -SafetyCheckerType blur -Base64 -Style comic -Seed 3 `
                -Webhook https://example.org/hook -TrackId 9
            New-FaceGenImage q $face
            """, fixture.Face).WithoutErrors();

        string[] requests = [.. fixture.Emulator.Journal.AcceptedByRequest.Keys.Order(StringComparer.Ordinal)];
        Assert.Equal(2, requests.Length);
        string full = Assert.Single(requests, request => request.Contains("\"prompt\":\"p\"", StringComparison.Ordinal));
        foreach (string field in (string[])
            [
                "\"negative_prompt\":\"n\"", "\"width\":64", "\"height\":72", "\"num_inference_steps\":31", "\"guidance_scale\":7.5",
                "\"s_scale\":0.5", "\"samples\":1", "\"safety_checker\":true", "\"safety_checker_type\":\"blur\"", "\"base64\":true",
                "\"style\":\"comic\"", "\"seed\":3",
            ])
            Assert.Contains(field, full, StringComparison.Ordinal);
        string?[] bodies = [.. fixture.Emulator.Journal.Entries.Where(entry => entry.Path.EndsWith("/face_gen", StringComparison.Ordinal)).Select(entry => entry.Body)];
        Assert.Contains("\"webhook\":\"https://example.org/hook\",\"track_id\":9", bodies[0], StringComparison.Ordinal);
        Assert.DoesNotContain("track_id", bodies[1], StringComparison.Ordinal);
        string bare = Assert.Single(requests, request => request.Contains("\"prompt\":\"q\"", StringComparison.Ordinal));
        Assert.Equal(2, bare.Count(c => c == ':') - bare.Split("sha256:").Length + 1);
    }

    [Theory]
    [InlineData("-Width 900", "Width", "1 to 512")]
    [InlineData("-Height 769", "Height", "1 to 768")]
    [InlineData("-Style watercolor", "Style", "realistic, comic, chibi, 3d or anime")]
    [InlineData("-NumInferenceSteps 22", "NumInferenceSteps", "21, 31 or 41")]
    [InlineData("-GuidanceScale 0.5", "GuidanceScale", "1 to 20")]
    [InlineData("-SScale 2.1", "SScale", "0 to 2")]
    [InlineData("-Samples 3", "Samples", "1 to 2")]
    [InlineData("-Webhook http://example.org", "Webhook", "https")]
    [InlineData("-SafetyCheckerType red", "SafetyCheckerType", "black, blur")]
    public async Task New_image_value_out_of_range_is_refused_before_anything_is_sent(string argument, string parameter, string allowed)
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run($"param($face) New-FaceGenImage p $face {argument}", fixture.Face);

        Assert.Contains(parameter, result.Error.ToString(), StringComparison.Ordinal);
        Assert.Contains(allowed, result.Error.ToString(), StringComparison.Ordinal);
        Assert.Empty(fixture.Emulator.Journal.Entries);
    }

    [Theory]
    [InlineData("en-US")]
    [InlineData("de-DE")]
    [InlineData("tr-TR")]
    public async Task Csv_row_binds_by_either_spelling_in_any_culture(string culture)
    {
        CultureInfo before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = new CultureInfo(culture);
            await using SessionFixture fixture = await SessionFixture.StartAsync();
            PSObject snake = CreateRow(("prompt", "snake"), ("face_image", fixture.Face), ("guidance_scale", "7.5"), ("s_scale", "0,25"),
                ("num_inference_steps", "31"), ("safety_checker", "no"), ("base64", "1"), ("width", " 64 "), ("track_id", ""));
            PSObject pascal = CreateRow(("Prompt", "pascal"), ("FaceImage", fixture.Face), ("GuidanceScale", "12,5"), ("NumInferenceSteps", "21"),
                ("SafetyChecker", "TRUE"), ("Base64", ""), ("Style", ""), ("Seed", "9007199254740993"), ("Width", ""), ("Samples", " "));

            fixture.Run("param($rows) $rows | New-FaceGenImage", new object[] { new[] { snake, pascal } }).WithoutErrors();

            string[] requests = [.. fixture.Emulator.Journal.AcceptedByRequest.Keys];
            string first = Assert.Single(requests, request => request.Contains("snake", StringComparison.Ordinal));
            Assert.Contains("\"guidance_scale\":7.5", first, StringComparison.Ordinal);
            Assert.Contains("\"s_scale\":0.25", first, StringComparison.Ordinal);
            Assert.Contains("\"safety_checker\":false", first, StringComparison.Ordinal);
            Assert.Contains("\"base64\":true", first, StringComparison.Ordinal);
            Assert.DoesNotContain("track_id", first, StringComparison.Ordinal);
            string second = Assert.Single(requests, request => request.Contains("pascal", StringComparison.Ordinal));
            Assert.Contains("\"guidance_scale\":12.5", second, StringComparison.Ordinal);
            Assert.Contains("\"safety_checker\":true", second, StringComparison.Ordinal);
            Assert.Contains("\"seed\":9007199254740993", second, StringComparison.Ordinal);
            foreach (string absent in (string[])["base64", "style", "width", "samples"])
                Assert.DoesNotContain(absent, second, StringComparison.Ordinal);
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public async Task Invalid_row_reports_one_error_and_the_others_run()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        PSObject[] rows =
        [
            CreateRow(("prompt", "one"), ("face_image", fixture.Face)),
            CreateRow(("prompt", "two"), ("face_image", fixture.Face), ("width", "900")),
            CreateRow(("prompt", ""), ("face_image", fixture.Face)),
            CreateRow(("prompt", "four"), ("face_image", "/no/such/face.jpg")),
            CreateRow(("prompt", "five"), ("face_image", fixture.Face)),
        ];

        ScriptResult result = fixture.Run("param($rows) $rows | New-FaceGenImage", new object[] { rows });

        Assert.Equal(["five", "one"], result.Values("Prompt").Cast<string>().Order(StringComparer.Ordinal));
        Assert.Equal(3, result.Errors.Count);
        Assert.StartsWith("RequestInvalid,", result.Errors[0].FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal("two", ((PSObject)result.Errors[0].TargetObject).Properties["prompt"].Value);
        Assert.StartsWith("Input 2: Width must be", result.Errors[0].ToString(), StringComparison.Ordinal);
        Assert.Empty(result.Warnings);
        Assert.Contains("Input 3: Prompt is required", result.Errors[1].ToString(), StringComparison.Ordinal);
        Assert.Contains("Input 4: The face image '/no/such/face.jpg' does not exist", result.Errors[2].ToString(), StringComparison.Ordinal);
        Assert.Equal(2, fixture.Emulator.Journal.Accepted);
    }

    [Theory]
    [InlineData("'a','b'")]
    [InlineData("@{ a = 1 }")]
    [InlineData("$true")]
    public async Task Prompt_that_is_not_text_is_refused(string prompt)
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run($"param($face) New-FaceGenImage {prompt} $face", fixture.Face);

        Assert.Contains("Prompt must be a text", result.Error.ToString(), StringComparison.Ordinal);
        Assert.Equal(0, fixture.Emulator.Journal.Accepted);
    }

    [Theory]
    [InlineData(@"nosuchdrive:\faces\x.jpg")]
    [InlineData("Env:HOME")]
    public async Task Face_path_outside_file_system_reports_one_error(string path)
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        PSObject[] rows = [CreateRow(("prompt", "bad"), ("face_image", path)), CreateRow(("prompt", "good"), ("face_image", fixture.Face))];

        ScriptResult result = fixture.Run("param($rows) $rows | New-FaceGenImage", new object[] { rows });

        Assert.Equal("good", result.Single.Properties["Prompt"].Value);
        Assert.StartsWith("FaceImageInvalid,", result.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("is not a file system path", result.Error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Generation_piped_back_applies_new_parameters()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run("""
            param($face)
            $g = New-FaceGenImage p $face -Style comic -Seed 5 -Width 32
            $g | New-FaceGenImage -Style anime
            """, fixture.Face).WithoutErrors();

        var request = (PSObject)PSObject.AsPSObject(result.Single.Properties["Request"].Value);
        Assert.Equal(("p", "anime", 5L, 32), (request.Properties["Prompt"].Value, request.Properties["Style"].Value, request.Properties["Seed"].Value, request.Properties["Width"].Value));
    }

    [Fact]
    public async Task Disconnect_keeps_slots_of_pending_generations()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync(serviceSeconds: 0.3, queueLimit: 3);

        fixture.Run("param($face) 1..3 | ForEach-Object { \"p$_\" } | New-FaceGenImage -FaceImage $face -NoWait; Disconnect-FaceGen", fixture.Face).WithoutErrors();
        fixture.Connect(fixture.Session);
        ScriptResult result = fixture.Run("param($face) 4..6 | ForEach-Object { \"p$_\" } | New-FaceGenImage -FaceImage $face", fixture.Face).WithoutErrors();

        Assert.Equal(3, result.Output.Count);
        Assert.InRange(fixture.Emulator.Journal.MaxInFlight, 1, 3);
    }

    [Fact]
    public async Task Disconnect_releases_slots_to_other_runspaces()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync(serviceSeconds: 0.3, queueLimit: 2);
        using var other = new Session();
        fixture.Connect(other);

        other.Run("param($face) 1..2 | ForEach-Object { \"p$_\" } | New-FaceGenImage -FaceImage $face -NoWait; Disconnect-FaceGen", fixture.Face).WithoutErrors();
        ScriptResult result = fixture.Run("param($face) 3..4 | ForEach-Object { \"p$_\" } | New-FaceGenImage -FaceImage $face -TimeoutSec 30", fixture.Face).WithoutErrors();

        Assert.Equal(2, result.Output.Count);
        Assert.InRange(fixture.Emulator.Journal.MaxInFlight, 1, 2);
    }

    [Fact]
    public async Task Connection_without_QueueLimit_keeps_the_account_limit()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync(serviceSeconds: 0.1, queueLimit: 1);
        using var other = new Session();
        other.Run("param($uri) Connect-FaceGen emulator-key -BaseUri $uri", fixture.Emulator.BaseUri).WithoutErrors();

        other.Run("param($face) 1..3 | ForEach-Object { \"p$_\" } | New-FaceGenImage -FaceImage $face", fixture.Face).WithoutErrors();

        Assert.Equal(1, fixture.Emulator.Journal.MaxInFlight);
    }

    [Fact]
    public async Task Slot_held_by_other_commands_times_out()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync(serviceSeconds: 60, queueLimit: 1);

        fixture.Run("param($face) New-FaceGenImage long $face -NoWait", fixture.Face).WithoutErrors();
        ScriptResult result = fixture.Run("param($face) New-FaceGenImage p $face -TimeoutSec 1", fixture.Face);

        Assert.StartsWith("ServiceBusy,", result.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(1, fixture.Emulator.Journal.Accepted);
    }

    [Fact]
    public async Task Slot_held_by_own_timed_out_requests_times_out()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync(serviceSeconds: 60, queueLimit: 1);

        ScriptResult result = fixture.Run("param($face) 'a', 'b' | New-FaceGenImage -FaceImage $face -TimeoutSec 1", fixture.Face);

        Assert.Equal(["GenerationTimeout", "ServiceBusy"], result.Errors.Select(error => error.FullyQualifiedErrorId.Split(',')[0]));
        Assert.Equal(1, fixture.Emulator.Journal.Accepted);
    }

    [Fact]
    public async Task Slots_service_returns_429_reduces_limit()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync(serviceSeconds: 0.5, queueLimit: 2);
        fixture.Run("param($uri) Connect-FaceGen emulator-key -BaseUri $uri -QueueLimit 3", fixture.Emulator.BaseUri).WithoutErrors();

        // The third is refused. Later ones must not be tried three at a time.
        fixture.Run("param($face) 1..3 | ForEach-Object { \"p$_\" } | New-FaceGenImage -FaceImage $face -TimeoutSec 5", fixture.Face);
        int refusals = Refusals();
        fixture.Run("param($face) 4..12 | ForEach-Object { \"p$_\" } | New-FaceGenImage -FaceImage $face", fixture.Face).WithoutErrors();

        Assert.Equal(1, refusals);
        Assert.Equal(1, Refusals());

        int Refusals() => fixture.Emulator.Journal.Entries.Count(entry => entry.Status == 429);
    }

    [Fact]
    public async Task Prompt_control_sequences_are_removed()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run("param($face) New-FaceGenImage \"a`e]0;title`a `e[31mred`e[0m pilot\" $face -NegativePrompt \"x`e[2J\"", fixture.Face).WithoutErrors();

        Assert.Equal("a]0;title [31mred[0m pilot", result.Single.Properties["Prompt"].Value);
        Assert.Equal("a]0;title [31mred[0m pilot", Assert.Single(fixture.Emulator.Journal.AcceptedByPrompt.Keys));
    }

    [Fact]
    public async Task Row_without_prompt_is_refused()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run("param($row, $face) $row | New-FaceGenImage -FaceImage $face", CreateRow(("title", "x")), fixture.Face);

        Assert.StartsWith("RequestInvalid,", result.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(0, fixture.Emulator.Journal.Accepted);
    }

    [Fact]
    public async Task FaceImage_accepts_path_file_bytes_data_uri_base64_and_link()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        string base64 = Convert.ToBase64String(File.ReadAllBytes(fixture.Face));

        ScriptResult result = fixture.Run("""
            param($face, $base64)
            $bytes = [IO.File]::ReadAllBytes($face)
            New-FaceGenImage absolute $face
            New-FaceGenImage bytes $bytes
            New-FaceGenImage data "data:image/png;base64,$base64"
            New-FaceGenImage bare $base64
            New-FaceGenImage link https://example.org/face.png
            [IO.FileInfo]::new($face) | New-FaceGenImage file
            New-FaceGenImage object ([IO.FileInfo]::new($face))
            """, fixture.Face, base64).WithoutErrors();

        Assert.Equal(["absolute", "bytes", "data", "bare", "link", "file", "object"], result.Values("Prompt"));
        Assert.Equal(2, fixture.Emulator.Journal.AcceptedByRequest.Keys
            .Select(request => request[request.IndexOf("\"face_image\"", StringComparison.Ordinal)..].Split(',', '}')[0]).Distinct().Count());
    }

    [Fact]
    public async Task FaceImage_relative_path_is_relative_to_current_location()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        fixture.Run("""
            param($folder)
            $ExecutionContext.SessionState.Path.SetLocation($folder)
            New-FaceGenImage here face.png
            New-FaceGenImage dotted ./face.png
            """, fixture.Folder).WithoutErrors();

        Assert.Equal(2, fixture.Emulator.Journal.Accepted);
    }

    [Theory]
    [InlineData("empty.jpg", "", "is empty")]
    [InlineData("text.jpg", "this is not an image", "is not a PNG, JPEG or WebP image")]
    [InlineData("missing.jpg", null, "does not exist")]
    public async Task FaceImage_not_an_image_is_refused_before_anything_is_sent(string name, string? content, string reason)
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        string path = Path.Combine(fixture.Folder, name);
        if (content is not null) fixture.Write(name, content);

        ScriptResult result = fixture.Run("param($face) 'p' | New-FaceGenImage -FaceImage $face", path);

        Assert.StartsWith("FaceImageInvalid,", result.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains(reason, result.Error.ToString(), StringComparison.Ordinal);
        Assert.Empty(fixture.Emulator.Journal.Entries);
    }

    [Fact]
    public async Task FaceImage_over_5_MB_is_refused_before_anything_is_sent()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        byte[] large = new byte[(5 * 1024 * 1024) + 1];
        File.ReadAllBytes(fixture.Face).CopyTo(large, 0);
        string path = Path.Combine(fixture.Folder, "large.png");
        File.WriteAllBytes(path, large);

        ScriptResult result = fixture.Run("param($face) New-FaceGenImage p $face", path);

        Assert.Contains("at most 5 MB", result.Error.ToString(), StringComparison.Ordinal);
        Assert.Empty(fixture.Emulator.Journal.Entries);
    }

    [Fact]
    public async Task WhatIf_sends_nothing_and_needs_no_connection()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        fixture.Run("Disconnect-FaceGen");

        ScriptResult result = fixture.Run("param($face) 'a','b' | New-FaceGenImage -FaceImage $face -WhatIf", fixture.Face).WithoutErrors();

        Assert.Empty(result.Output);
        Assert.Empty(fixture.Emulator.Journal.Entries);
    }

    [Fact]
    public async Task NoWait_emits_accepted_generations_within_the_queue_limit()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync(serviceSeconds: 0.4, queueLimit: 3);
        ScriptResult submitted = fixture.Run("param($face) 1..6 | ForEach-Object { \"p$_\" } | New-FaceGenImage -FaceImage $face -NoWait", fixture.Face).WithoutErrors();
        ScriptResult finished = fixture.Run("Get-FaceGenImage | Wait-FaceGenImage").WithoutErrors();
        ScriptResult left = fixture.Run("Get-FaceGenImage").WithoutErrors();

        Assert.Equal(6, submitted.Output.Count);
        Assert.All(submitted.Values("Status"), status => Assert.Equal("Processing", status!.ToString()));
        Assert.Equal(6, finished.Output.Count);
        Assert.Empty(left.Output);
        Assert.Equal(3, fixture.Emulator.Journal.MaxInFlight);
    }

    [Fact]
    public async Task ThrottleLimit_limits_requests_in_flight()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync(serviceSeconds: 0.4);

        fixture.Run("param($face) 1..4 | ForEach-Object { \"p$_\" } | New-FaceGenImage -FaceImage $face -ThrottleLimit 2", fixture.Face).WithoutErrors();

        Assert.Equal(2, fixture.Emulator.Journal.MaxInFlight);
    }

    [Fact]
    public async Task Generation_timeout_keeps_it_pending()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync(serviceSeconds: 1.5);

        ScriptResult late = fixture.Run("param($face) New-FaceGenImage slow $face -TimeoutSec 1", fixture.Face);
        ScriptResult later = fixture.Run("Wait-FaceGenImage").WithoutErrors();

        Assert.StartsWith("GenerationTimeout,", late.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(ErrorCategory.OperationTimeout, late.Error.CategoryInfo.Category);
        Assert.Equal("slow", later.Single.Properties["Prompt"].Value);
        Assert.Equal(1, fixture.Emulator.Journal.Accepted);
    }

    [Fact]
    public async Task Unknown_column_warns_once()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run("""
            param($face)
            [pscustomobject]@{ prompt = 'a'; FullName = $face; widht = '32'; height = '40' }, [pscustomobject]@{ prompt = 'b'; FullName = $face; widht = '32'; height = '40' } |
                New-FaceGenImage
            """, fixture.Face);

        Assert.Equal(2, result.WithoutErrors().Output.Count);
        Assert.Equal("Input 1: The API has no field 'widht' (did you mean 'width'?). FaceGen keeps the column, and does not send it. If it is a field, rename it.", Assert.Single(result.Warnings));
    }

    [Fact]
    public async Task Unknown_column_ignores_job_and_object_properties()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run("""
            param($face)
            $row = [pscustomobject]@{ prompt = 'a'; face_image = $face; width = 32; PSComputerName = 'here'; RunspaceId = 1; PSShowComputerName = $false; PSSourceJobInstanceId = 2 }
            $row.PSTypeNames.Insert(0, 'Deserialized.System.Management.Automation.PSCustomObject')
            $file = [pscustomobject]@{ FullName = $face; PSDrive = 'kept'; Length = 3 }
            $file.PSTypeNames.Insert(0, 'Deserialized.System.IO.FileInfo')
            $row, $file | New-FaceGenImage -Prompt b
            """, fixture.Face).WithoutErrors();

        Assert.Equal(2, result.Output.Count);
        Assert.Empty(result.Warnings);
    }

    [Fact]
    public async Task Unknown_column_named_like_a_parameter_is_kept()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run("param($face) [pscustomobject]@{ prompt = 'a'; face_image = $face; connection = 'lab'; TimeoutSec = 1 } | New-FaceGenImage", fixture.Face).WithoutErrors();

        Assert.Equal(["lab", "1"], fixture.Run("param($image) $image.Request.Columns.Values", result.Single.BaseObject).Output.Select(value => value.ToString()));
        Assert.Empty(result.Warnings);
    }

    [Fact]
    public async Task Prompt_number_keeps_its_typed_text()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run("param($face) New-FaceGenImage 3d $face -NegativePrompt 007", fixture.Face).WithoutErrors();

        Assert.Equal(["3d", "007"], fixture.Run("param($image) $image.Prompt, $image.Request.NegativePrompt", result.Single.BaseObject).Output.Select(text => text.ToString()));
    }

    [Fact]
    public async Task Generation_piped_back_changed_request_is_validated()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run("""
            param($face)
            $image = New-FaceGenImage a $face
            $image.Request.Style = 'foo'
            $image | New-FaceGenImage
            $image | New-FaceGenImage -Style comic
            """, fixture.Face);

        Assert.Equal("Input 1: Style must be realistic, comic, chibi, 3d or anime, not 'foo'. The row was not sent.", result.Error.ToString());
        Assert.Single(result.Output);
        Assert.Equal(2, fixture.Emulator.Journal.Accepted);
    }

    [Fact]
    public async Task Deserialized_generation_and_request_are_repeated()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        string csv = fixture.Write("people.csv", $"prompt,face_image,style,guidance_scale\nin a file,{fixture.Face},comic,7.5\n");

        ScriptResult result = fixture.Run("""
            param($face, $csv, $out)
            function Send-Away { $input | ForEach-Object { [Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize($_, 2)) } }
            New-FaceGenImage a $face -Style anime | Send-Away | New-FaceGenImage
            Import-FaceGenRequest $csv | Send-Away | New-FaceGenImage
            $items = Import-FaceGenRequest $csv | Send-Away | Invoke-FaceGenBatch -Destination $out
            $items[0].Generation
            $items[0] | Send-Away | New-FaceGenImage
            $items[0] | Send-Away | New-FaceGenImage -FaceImage { '/none.png' } -ErrorVariable failed -ErrorAction SilentlyContinue
            if ("$failed" -notlike 'people.csv:2: *') { throw "$failed" }
            $hooked = New-FaceGenImage b $face -Webhook https://example.org/hook | Send-Away | New-FaceGenImage
            if ($hooked.Request.Webhook -ne 'https://example.org/hook') { throw 'no hook' }
            """, fixture.Face, csv, fixture.OutputFolder).WithoutErrors();

        Assert.Equal(
            ["a anime ", "in a file comic 7.5", "in a file comic 7.5", "in a file comic 7.5"],
            fixture.Run("param($images) $images | ForEach-Object { \"$($_.Prompt) $($_.Request.Style) $($_.Request.GuidanceScale)\" }", [result.Output.Select(item => item.BaseObject).ToArray()]).Output.Select(text => text.ToString()));
    }

    [Fact]
    public async Task Hashtable_is_read_as_a_row()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run("param($face) @{ prompt = 'a'; FaceImage = $face; width = '32'; foo = 1 } | New-FaceGenImage -Height 40", fixture.Face).WithoutErrors();

        Assert.Equal(["a", "32", "40"], fixture.Run("param($image) $image.Prompt, $image.Request.Width, $image.Request.Height", result.Single.BaseObject).Output.Select(value => value.ToString()));
        Assert.Empty(result.Warnings);
    }

    [Fact]
    public async Task FaceImage_accepts_saved_images()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run("""
            param($face, $out)
            $saved = New-FaceGenImage a $face -Width 32 -Height 40 | Save-FaceGenOutput $out
            New-FaceGenImage b $saved | ForEach-Object { $_.Request.FaceImage.FilePath }
            $saved | New-FaceGenImage -Prompt c | ForEach-Object { $_.Request.FaceImage.FilePath }
            New-FaceGenImage d ([pscustomobject]@{ FullName = $saved.FullName; Width = 32 }) | ForEach-Object { $_.Request.FaceImage.FilePath }
            [pscustomobject]@{ 'prompt ' = 'e'; ' Face_Image' = [pscustomobject]@{ FilePath = $saved.FullName } } | New-FaceGenImage | ForEach-Object { $_.Request.FaceImage.FilePath }
            $saved.FullName
            """, fixture.Face, fixture.OutputFolder).WithoutErrors();

        Assert.Empty(result.Warnings);
        Assert.Equal(5, result.Output.Count);
        Assert.Single(result.Output.Select(path => path.ToString()).Distinct());
    }

    /// <summary>Returns an object like those of Import-Csv: every cell is a string.</summary>
    private static PSObject CreateRow(params (string Name, string Value)[] cells)
    {
        var row = new PSObject();
        foreach ((string name, string value) in cells) row.Properties.Add(new PSNoteProperty(name, value));
        return row;
    }
}
