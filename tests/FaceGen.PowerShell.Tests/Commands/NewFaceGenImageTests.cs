using System.Globalization;
using System.Management.Automation;
using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests.Commands;

public sealed class NewFaceGenImageTests
{
    [Fact]
    public async Task Verbose_names_accepted_generation_and_expected_time()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync(serviceSeconds: 1);

        ScriptResult typed = bed.Run("param($face) New-FaceGenImage 'a pilot' $face -Width 16 -Verbose", bed.Face).WithoutErrors();
        ScriptResult batch = bed.Run("param($csv, $out) Invoke-FaceGenBatch $csv -Destination $out -Verbose", bed.WriteCsv("a"), bed.OutputFolder).WithoutErrors();

        Assert.Contains($"'a pilot': generation {typed.Values("Id").Single()} was accepted, and is expected in 1.0 seconds.", typed.Verbose);
        Assert.Contains($"people.csv:2: generation {batch.Output[0].Properties["Id"].Value} was accepted, and is expected in 1.0 seconds.", batch.Verbose);
    }

    [Fact]
    public async Task New_image_emits_finished_generation()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();

        PSObject generation = bed.Run("param($face) New-FaceGenImage 'a pilot' -FaceImage $face -Style anime -Seed 7 -Samples 2 -TrackId 12", bed.Face).WithoutErrors().Single;

        Assert.Equal("Success", generation.Properties["Status"].Value.ToString());
        Assert.Equal(2, ((Uri[])generation.Properties["Output"].Value).Length);
        Assert.Equal("a pilot", generation.Properties["Prompt"].Value);
        Assert.Equal(7L, generation.Properties["Seed"].Value);
        Assert.Equal(12L, generation.Properties["TrackId"].Value);
        Assert.Equal(1, bed.Emulator.Journal.Accepted);
    }

    [Fact]
    public async Task New_image_sends_exactly_the_given_fields()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();

        bed.Run("""
            param($face)
            New-FaceGenImage p $face -NegativePrompt n -Width 64 -Height 72 -NumInferenceSteps 31 -GuidanceScale 7.5 `
                -SScale 0.5 -Samples 1 -SafetyChecker $true -SafetyCheckerType blur -Base64 -Style comic -Seed 3 `
                -Webhook https://example.org/hook -TrackId 9
            New-FaceGenImage q $face
            """, bed.Face).WithoutErrors();

        string[] requests = [.. bed.Emulator.Journal.AcceptedByRequest.Keys.Order(StringComparer.Ordinal)];
        Assert.Equal(2, requests.Length);
        string full = Assert.Single(requests, request => request.Contains("\"prompt\":\"p\"", StringComparison.Ordinal));
        foreach (string field in (string[])
            [
                "\"negative_prompt\":\"n\"", "\"width\":64", "\"height\":72", "\"num_inference_steps\":31", "\"guidance_scale\":7.5",
                "\"s_scale\":0.5", "\"samples\":1", "\"safety_checker\":true", "\"safety_checker_type\":\"blur\"", "\"base64\":true",
                "\"style\":\"comic\"", "\"seed\":3",
            ])
            Assert.Contains(field, full, StringComparison.Ordinal);
        Assert.Contains("\"webhook\":\"https://example.org/hook\",\"track_id\":9", bed.Emulator.Journal.Entries[0].Body, StringComparison.Ordinal);
        Assert.DoesNotContain("track_id", bed.Emulator.Journal.Entries[1].Body, StringComparison.Ordinal);
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
        await using SessionFixture bed = await SessionFixture.StartAsync();

        ScriptResult ran = bed.Run($"param($face) New-FaceGenImage p $face {argument}", bed.Face);

        Assert.Contains(parameter, ran.Error.ToString(), StringComparison.Ordinal);
        Assert.Contains(allowed, ran.Error.ToString(), StringComparison.Ordinal);
        Assert.Empty(bed.Emulator.Journal.Entries);
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
            await using SessionFixture bed = await SessionFixture.StartAsync();
            PSObject snake = CreateRow(("prompt", "snake"), ("face_image", bed.Face), ("guidance_scale", "7.5"), ("s_scale", "0,25"),
                ("num_inference_steps", "31"), ("safety_checker", "no"), ("base64", "1"), ("width", " 64 "), ("track_id", ""));
            PSObject pascal = CreateRow(("Prompt", "pascal"), ("FaceImage", bed.Face), ("GuidanceScale", "12,5"), ("NumInferenceSteps", "21"),
                ("SafetyChecker", "TRUE"), ("Base64", ""), ("Style", ""), ("Seed", "9007199254740993"), ("Width", ""), ("Samples", " "));

            bed.Run("param($rows) $rows | New-FaceGenImage", new object[] { new[] { snake, pascal } }).WithoutErrors();

            string[] requests = [.. bed.Emulator.Journal.AcceptedByRequest.Keys];
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
        await using SessionFixture bed = await SessionFixture.StartAsync();
        PSObject[] rows =
        [
            CreateRow(("prompt", "one"), ("face_image", bed.Face)),
            CreateRow(("prompt", "two"), ("face_image", bed.Face), ("width", "900")),
            CreateRow(("prompt", ""), ("face_image", bed.Face)),
            CreateRow(("prompt", "four"), ("face_image", "/no/such/face.jpg")),
            CreateRow(("prompt", "five"), ("face_image", bed.Face)),
        ];

        ScriptResult ran = bed.Run("param($rows) $rows | New-FaceGenImage", new object[] { rows });

        Assert.Equal(["five", "one"], ran.Values("Prompt").Cast<string>().Order());
        Assert.Equal(3, ran.Errors.Count);
        Assert.Contains("Width must be 1 to 512, not '900'", ran.Errors[0].ToString(), StringComparison.Ordinal);
        Assert.Equal("two", ((PSObject)ran.Errors[0].TargetObject).Properties["prompt"].Value);
        Assert.Contains("Input 2 ", Assert.Single(ran.Warnings), StringComparison.Ordinal);
        Assert.Contains("Input 3: Prompt is required", ran.Errors[1].ToString(), StringComparison.Ordinal);
        Assert.Contains("Input 4: The face image '/no/such/face.jpg' does not exist", ran.Errors[2].ToString(), StringComparison.Ordinal);
        Assert.Equal(2, bed.Emulator.Journal.Accepted);
    }

    [Theory]
    [InlineData("'a','b'")]
    [InlineData("@{ a = 1 }")]
    [InlineData("$true")]
    public async Task Prompt_that_is_not_text_is_refused(string prompt)
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();

        ScriptResult ran = bed.Run($"param($face) New-FaceGenImage {prompt} $face", bed.Face);

        Assert.Contains("Prompt must be a text", ran.Error.ToString(), StringComparison.Ordinal);
        Assert.Equal(0, bed.Emulator.Journal.Accepted);
    }

    [Theory]
    [InlineData(@"nosuchdrive:\faces\x.jpg")]
    [InlineData("Env:HOME")]
    public async Task Face_path_outside_file_system_reports_one_error(string path)
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();
        PSObject[] rows = [CreateRow(("prompt", "bad"), ("face_image", path)), CreateRow(("prompt", "good"), ("face_image", bed.Face))];

        ScriptResult ran = bed.Run("param($rows) $rows | New-FaceGenImage", new object[] { rows });

        Assert.Equal("good", ran.Single.Properties["Prompt"].Value);
        Assert.StartsWith("FaceImageInvalid,", ran.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("is no path of the file system", ran.Error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Generation_piped_back_takes_new_parameters()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();

        ScriptResult ran = bed.Run("""
            param($face)
            $g = New-FaceGenImage p $face -Style comic -Seed 5 -Width 32
            $g | New-FaceGenImage -Style anime
            """, bed.Face).WithoutErrors();

        var request = (PSObject)PSObject.AsPSObject(ran.Single.Properties["Request"].Value);
        Assert.Equal(("p", "anime", 5L, 32), (request.Properties["Prompt"].Value, request.Properties["Style"].Value, request.Properties["Seed"].Value, request.Properties["Width"].Value));
    }

    [Fact]
    public async Task Disconnect_keeps_slots_of_pending_generations()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync(serviceSeconds: 0.3, queueLimit: 3);

        bed.Run("param($face) 1..3 | ForEach-Object { \"p$_\" } | New-FaceGenImage -FaceImage $face -NoWait; Disconnect-FaceGen", bed.Face).WithoutErrors();
        bed.Connect(bed.Session);
        ScriptResult ran = bed.Run("param($face) 4..6 | ForEach-Object { \"p$_\" } | New-FaceGenImage -FaceImage $face", bed.Face).WithoutErrors();

        Assert.Equal(3, ran.Output.Count);
        Assert.InRange(bed.Emulator.Journal.MaxInFlight, 1, 3);
    }

    [Fact]
    public async Task Disconnect_releases_slots_to_other_runspaces()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync(serviceSeconds: 0.3, queueLimit: 2);
        using var other = new Session();
        bed.Connect(other);

        other.Run("param($face) 1..2 | ForEach-Object { \"p$_\" } | New-FaceGenImage -FaceImage $face -NoWait; Disconnect-FaceGen", bed.Face).WithoutErrors();
        ScriptResult ran = bed.Run("param($face) 3..4 | ForEach-Object { \"p$_\" } | New-FaceGenImage -FaceImage $face -TimeoutSec 30", bed.Face).WithoutErrors();

        Assert.Equal(2, ran.Output.Count);
        Assert.InRange(bed.Emulator.Journal.MaxInFlight, 1, 2);
    }

    [Fact]
    public async Task Connection_without_QueueLimit_keeps_the_account_limit()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync(serviceSeconds: 0.1, queueLimit: 1);
        using var other = new Session();
        other.Run("param($uri) Connect-FaceGen emulator-key -BaseUri $uri", bed.Emulator.BaseUri).WithoutErrors();

        other.Run("param($face) 1..3 | ForEach-Object { \"p$_\" } | New-FaceGenImage -FaceImage $face", bed.Face).WithoutErrors();

        Assert.Equal(1, bed.Emulator.Journal.MaxInFlight);
    }

    [Fact]
    public async Task Slot_held_by_other_commands_times_out()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync(serviceSeconds: 60, queueLimit: 1);

        bed.Run("param($face) New-FaceGenImage long $face -NoWait", bed.Face).WithoutErrors();
        ScriptResult ran = bed.Run("param($face) New-FaceGenImage p $face -TimeoutSec 1", bed.Face);

        Assert.StartsWith("ServiceBusy,", ran.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(1, bed.Emulator.Journal.Accepted);
    }

    [Fact]
    public async Task Slot_held_by_own_timed_out_requests_times_out()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync(serviceSeconds: 60, queueLimit: 1);

        ScriptResult ran = bed.Run("param($face) 'a', 'b' | New-FaceGenImage -FaceImage $face -TimeoutSec 1", bed.Face);

        Assert.Equal(["GenerationTimeout", "ServiceBusy"], ran.Errors.Select(error => error.FullyQualifiedErrorId.Split(',')[0]));
        Assert.Equal(1, bed.Emulator.Journal.Accepted);
    }

    [Fact]
    public async Task Slots_service_returns_429_reduces_limit()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync(serviceSeconds: 0.5, queueLimit: 2);
        bed.Run("param($uri) Connect-FaceGen emulator-key -BaseUri $uri -QueueLimit 3", bed.Emulator.BaseUri).WithoutErrors();

        // The third is refused, and is not waited for: what counts is that later ones are not tried three at a time.
        bed.Run("param($face) 1..3 | ForEach-Object { \"p$_\" } | New-FaceGenImage -FaceImage $face -TimeoutSec 5", bed.Face);
        int refusals = Refusals();
        bed.Run("param($face) 4..12 | ForEach-Object { \"p$_\" } | New-FaceGenImage -FaceImage $face", bed.Face).WithoutErrors();

        Assert.Equal(1, refusals);
        Assert.Equal(1, Refusals());

        int Refusals() => bed.Emulator.Journal.Entries.Count(entry => entry.Status == 429);
    }

    [Fact]
    public async Task Prompt_control_sequences_are_removed()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();

        ScriptResult ran = bed.Run("param($face) New-FaceGenImage \"a`e]0;title`a `e[31mred`e[0m pilot\" $face -NegativePrompt \"x`e[2J\"", bed.Face).WithoutErrors();

        Assert.Equal("a]0;title [31mred[0m pilot", ran.Single.Properties["Prompt"].Value);
        Assert.Equal("a]0;title [31mred[0m pilot", Assert.Single(bed.Emulator.Journal.AcceptedByPrompt.Keys));
    }

    [Fact]
    public async Task Row_without_prompt_is_refused()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();

        ScriptResult ran = bed.Run("param($row, $face) $row | New-FaceGenImage -FaceImage $face", CreateRow(("title", "x")), bed.Face);

        Assert.StartsWith("RequestInvalid,", ran.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(0, bed.Emulator.Journal.Accepted);
    }

    [Fact]
    public async Task FaceImage_accepts_path_file_bytes_data_uri_base64_and_link()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();
        string base64 = Convert.ToBase64String(File.ReadAllBytes(bed.Face));

        ScriptResult ran = bed.Run("""
            param($face, $base64)
            $bytes = [IO.File]::ReadAllBytes($face)
            New-FaceGenImage absolute $face
            New-FaceGenImage bytes $bytes
            New-FaceGenImage data "data:image/png;base64,$base64"
            New-FaceGenImage bare $base64
            New-FaceGenImage link https://example.org/face.png
            [IO.FileInfo]::new($face) | New-FaceGenImage file
            New-FaceGenImage object ([IO.FileInfo]::new($face))
            """, bed.Face, base64).WithoutErrors();

        Assert.Equal(["absolute", "bytes", "data", "bare", "link", "file", "object"], ran.Values("Prompt"));
        Assert.Equal(2, bed.Emulator.Journal.AcceptedByRequest.Keys
            .Select(request => request[request.IndexOf("\"face_image\"", StringComparison.Ordinal)..].Split(',', '}')[0]).Distinct().Count());
    }

    [Fact]
    public async Task FaceImage_relative_path_is_relative_to_current_location()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();

        bed.Run("""
            param($folder)
            $ExecutionContext.SessionState.Path.SetLocation($folder)
            New-FaceGenImage here face.png
            New-FaceGenImage dotted ./face.png
            """, bed.Folder).WithoutErrors();

        Assert.Equal(2, bed.Emulator.Journal.Accepted);
    }

    [Theory]
    [InlineData("empty.jpg", "", "is empty")]
    [InlineData("text.jpg", "this is no picture", "is no PNG, JPEG or WebP image")]
    [InlineData("missing.jpg", null, "does not exist")]
    public async Task FaceImage_not_an_image_is_refused_before_anything_is_sent(string name, string? content, string reason)
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();
        string path = Path.Combine(bed.Folder, name);
        if (content is not null) bed.Write(name, content);

        ScriptResult ran = bed.Run("param($face) 'p' | New-FaceGenImage -FaceImage $face", path);

        Assert.StartsWith("FaceImageInvalid,", ran.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.StartsWith("Input 1: ", ran.Error.ToString(), StringComparison.Ordinal);
        Assert.Contains(reason, ran.Error.ToString(), StringComparison.Ordinal);
        Assert.Empty(bed.Emulator.Journal.Entries);
    }

    [Fact]
    public async Task FaceImage_over_5_MB_is_refused_before_anything_is_sent()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();
        byte[] large = new byte[(5 * 1024 * 1024) + 1];
        File.ReadAllBytes(bed.Face).CopyTo(large, 0);
        string path = Path.Combine(bed.Folder, "large.png");
        File.WriteAllBytes(path, large);

        ScriptResult ran = bed.Run("param($face) New-FaceGenImage p $face", path);

        Assert.Contains("at most 5 MB", ran.Error.ToString(), StringComparison.Ordinal);
        Assert.Empty(bed.Emulator.Journal.Entries);
    }

    [Fact]
    public async Task WhatIf_sends_nothing_and_needs_no_connection()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();
        bed.Run("Disconnect-FaceGen");

        ScriptResult ran = bed.Run("param($face) 'a','b' | New-FaceGenImage -FaceImage $face -WhatIf", bed.Face).WithoutErrors();

        Assert.Empty(ran.Output);
        Assert.Empty(bed.Emulator.Journal.Entries);
    }

    [Fact]
    public async Task NoWait_emits_accepted_generations_within_the_queue_limit()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync(serviceSeconds: 0.4, queueLimit: 3);
        ScriptResult submitted = bed.Run("param($face) 1..6 | ForEach-Object { \"p$_\" } | New-FaceGenImage -FaceImage $face -NoWait", bed.Face).WithoutErrors();
        ScriptResult finished = bed.Run("Get-FaceGenImage | Wait-FaceGenImage").WithoutErrors();
        ScriptResult left = bed.Run("Get-FaceGenImage").WithoutErrors();

        Assert.Equal(6, submitted.Output.Count);
        Assert.All(submitted.Values("Status"), status => Assert.Equal("Processing", status!.ToString()));
        Assert.Equal(6, finished.Output.Count);
        Assert.Empty(left.Output);
        Assert.Equal(3, bed.Emulator.Journal.MaxInFlight);
    }

    [Fact]
    public async Task ThrottleLimit_limits_requests_in_flight()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync(serviceSeconds: 0.4);

        bed.Run("param($face) 1..4 | ForEach-Object { \"p$_\" } | New-FaceGenImage -FaceImage $face -ThrottleLimit 2", bed.Face).WithoutErrors();

        Assert.Equal(2, bed.Emulator.Journal.MaxInFlight);
    }

    [Fact]
    public async Task Generation_timeout_keeps_it_pending()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync(serviceSeconds: 1.5);

        ScriptResult late = bed.Run("param($face) New-FaceGenImage slow $face -TimeoutSec 1", bed.Face);
        ScriptResult later = bed.Run("Wait-FaceGenImage").WithoutErrors();

        Assert.StartsWith("GenerationTimeout,", late.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(ErrorCategory.OperationTimeout, late.Error.CategoryInfo.Category);
        Assert.Equal("slow", later.Single.Properties["Prompt"].Value);
        Assert.Equal(1, bed.Emulator.Journal.Accepted);
    }

    [Fact]
    public async Task Unknown_column_warns_once()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();

        ScriptResult ran = bed.Run("""
            param($face)
            [pscustomobject]@{ prompt = 'a'; FullName = $face; widht = '32'; height = '40' }, [pscustomobject]@{ prompt = 'b'; FullName = $face; widht = '32'; height = '40' } |
                New-FaceGenImage
            """, bed.Face);

        Assert.Equal(2, ran.WithoutErrors().Output.Count);
        Assert.Equal("Input 1: the API has no field 'widht' (did you mean 'width'?); it is left out.", Assert.Single(ran.Warnings));
    }

    [Fact]
    public async Task Unknown_column_ignores_job_and_object_properties()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();

        ScriptResult ran = bed.Run("""
            param($face)
            $row = [pscustomobject]@{ prompt = 'a'; face_image = $face; width = 32; PSComputerName = 'here'; RunspaceId = 1; PSShowComputerName = $false; PSSourceJobInstanceId = 2 }
            $row.PSTypeNames.Insert(0, 'Deserialized.System.Management.Automation.PSCustomObject')
            $file = [pscustomobject]@{ FullName = $face; PSDrive = 'kept'; Length = 3 }
            $file.PSTypeNames.Insert(0, 'Deserialized.System.IO.FileInfo')
            $row, $file | New-FaceGenImage -Prompt b
            """, bed.Face).WithoutErrors();

        Assert.Equal(2, ran.Output.Count);
        Assert.Empty(ran.Warnings);
    }

    [Fact]
    public async Task Unknown_column_named_like_a_parameter_warns()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();

        ScriptResult ran = bed.Run("param($face) [pscustomobject]@{ prompt = 'a'; face_image = $face; connection = 'lab'; TimeoutSec = 1 } | New-FaceGenImage", bed.Face).WithoutErrors();

        Assert.Equal("Input 1: the API has no field 'connection', 'TimeoutSec'; they are left out.", Assert.Single(ran.Warnings));
    }

    [Fact]
    public async Task Prompt_number_keeps_its_typed_text()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();

        ScriptResult ran = bed.Run("param($face) New-FaceGenImage 3d $face -NegativePrompt 007", bed.Face).WithoutErrors();

        Assert.Equal(["3d", "007"], bed.Run("param($image) $image.Prompt, $image.Request.NegativePrompt", ran.Single.BaseObject).Output.Select(text => text.ToString()));
    }

    [Fact]
    public async Task Generation_piped_back_changed_request_is_validated()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();

        ScriptResult ran = bed.Run("""
            param($face)
            $image = New-FaceGenImage a $face
            $image.Request.Style = 'foo'
            $image | New-FaceGenImage
            $image | New-FaceGenImage -Style comic
            """, bed.Face);

        Assert.Equal("Input 1: Style must be realistic, comic, chibi, 3d or anime, not 'foo'.", ran.Error.ToString());
        Assert.Single(ran.Output);
        Assert.Equal(2, bed.Emulator.Journal.Accepted);
    }

    [Fact]
    public async Task Deserialized_generation_and_request_are_repeated()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();
        string csv = bed.Write("people.csv", $"prompt,face_image,style,guidance_scale\nin a file,{bed.Face},comic,7.5\n");

        ScriptResult ran = bed.Run("""
            param($face, $csv, $out)
            function Send-Away { $input | ForEach-Object { [Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize($_, 2)) } }
            New-FaceGenImage a $face -Style anime | Send-Away | New-FaceGenImage
            Import-FaceGenRequest $csv | Send-Away | New-FaceGenImage
            $items = Import-FaceGenRequest $csv | Send-Away | Invoke-FaceGenBatch -Destination $out
            $items[0].Generation
            $items[0] | Send-Away | New-FaceGenImage
            $items[0] | Send-Away | New-FaceGenImage -FaceImage /none.png -ErrorVariable failed -ErrorAction SilentlyContinue
            if ("$failed" -notlike 'people.csv:2: *') { throw "$failed" }
            $hooked = New-FaceGenImage b $face -Webhook https://example.org/hook | Send-Away | New-FaceGenImage
            if ($hooked.Request.Webhook -ne 'https://example.org/hook') { throw 'no hook' }
            """, bed.Face, csv, bed.OutputFolder).WithoutErrors();

        Assert.Equal(
            ["a anime ", "in a file comic 7.5", "in a file comic 7.5", "in a file comic 7.5"],
            bed.Run("param($images) $images | ForEach-Object { \"$($_.Prompt) $($_.Request.Style) $($_.Request.GuidanceScale)\" }", [ran.Output.Select(item => item.BaseObject).ToArray()]).Output.Select(text => text.ToString()));
    }

    [Fact]
    public async Task Hashtable_is_read_as_a_row()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();

        ScriptResult ran = bed.Run("param($face) @{ prompt = 'a'; FaceImage = $face; width = '32'; foo = 1 } | New-FaceGenImage -Height 40", bed.Face).WithoutErrors();

        Assert.Equal(["a", "32", "40"], bed.Run("param($image) $image.Prompt, $image.Request.Width, $image.Request.Height", ran.Single.BaseObject).Output.Select(value => value.ToString()));
        Assert.Equal("Input 1: the API has no field 'foo'; it is left out.", Assert.Single(ran.Warnings));
    }

    [Fact]
    public async Task FaceImage_accepts_saved_images()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();

        ScriptResult ran = bed.Run("""
            param($face, $out)
            $saved = New-FaceGenImage a $face -Width 32 -Height 40 | Save-FaceGenOutput $out
            New-FaceGenImage b $saved | ForEach-Object { $_.Request.FaceImage.FilePath }
            $saved | New-FaceGenImage -Prompt c | ForEach-Object { $_.Request.FaceImage.FilePath }
            New-FaceGenImage d ([pscustomobject]@{ FullName = $saved.FullName; Width = 32 }) | ForEach-Object { $_.Request.FaceImage.FilePath }
            [pscustomobject]@{ 'prompt ' = 'e'; ' Face_Image' = [pscustomobject]@{ FilePath = $saved.FullName } } | New-FaceGenImage | ForEach-Object { $_.Request.FaceImage.FilePath }
            $saved.FullName
            """, bed.Face, bed.OutputFolder).WithoutErrors();

        Assert.Empty(ran.Warnings);
        Assert.Equal(5, ran.Output.Count);
        Assert.Single(ran.Output.Select(path => path.ToString()).Distinct());
    }

    /// <summary>An object as Import-Csv makes it: every cell is a string.</summary>
    private static PSObject CreateRow(params (string Name, string Value)[] cells)
    {
        var row = new PSObject();
        foreach ((string name, string value) in cells) row.Properties.Add(new PSNoteProperty(name, value));
        return row;
    }
}
