using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests.Commands;

/// <summary>The parameters that are fields of a request, as values, as script blocks, and as defaults of a file.</summary>
public sealed class RequestParameterTests
{
    /// <summary>Creates a valid value of each parameter that is a field from what its validation attribute says.</summary>
    private const string Samples = """
        param($face, $out)
        function Get-Field($command) {
            (Get-Command $command).Parameters.Values | ForEach-Object {
                $parameter = $_
                $rule = $_.Attributes | Where-Object { $_.GetType().Name -eq 'ValidateRequestFieldAttribute' }
                if ($rule) {
                    $value = if ($rule.ValidValues.Count) { $rule.ValidValues[-1] } elseif ($rule.MaxRange) { $rule.MaxRange }
                        elseif ($parameter.ParameterType -eq [uri]) { 'https://hook.example/x' } elseif ($parameter.ParameterType -eq [string]) { "a text for $($rule.Name)" }
                        elseif ($parameter.ParameterType -in [switch], [Nullable[bool]]) { $true } else { 7 }
                    [pscustomobject]@{ Parameter = $parameter.Name; Name = $rule.Name; Value = $value }
                }
            }
        }
        $fields = Get-Field New-FaceGenImage
        $values = @{ FaceImage = $face }
        foreach ($field in $fields) { $values[$field.Parameter] = $field.Value }
        function Assert-Complete($request) {
            foreach ($field in $fields) {
                $actual = $request.($field.Parameter)
                if ("$actual" -ne "$($field.Value)") { throw "$($field.Parameter) is '$actual', not '$($field.Value)'." }
            }
            if ("$($request.FaceImage)" -ne $face) { throw "The face image is '$($request.FaceImage)'." }
        }
        """;

    [Theory]
    [InlineData("New-FaceGenImage @values")]
    [InlineData("[pscustomobject]$values | New-FaceGenImage")]
    [InlineData("$values | New-FaceGenImage")]
    [InlineData("$row = [ordered]@{ face_image = $face }; foreach ($field in $fields) { $row[$field.Name] = \"$($field.Value)\" }; [pscustomobject]$row | New-FaceGenImage")]
    [InlineData("[pscustomobject]$values | New-FaceGenImage | New-FaceGenImage")]
    [InlineData("$blocks = @{}; foreach ($name in $values.Keys) { $blocks[$name] = [scriptblock]::Create(\"`$_.'$name'\") }; [pscustomobject]@{ inner = 1 } | Add-Member -PassThru -NotePropertyMembers $values | ForEach-Object { ,$_ } | New-FaceGenImage @blocks")]
    [InlineData("$image = [pscustomobject]$values | New-FaceGenImage; [Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize($image.Request, 2)) | New-FaceGenImage")]
    [InlineData("[pscustomobject]$values | Invoke-FaceGenBatch -Destination $out | Where-Object Request")]
    [InlineData("$defaults = @{} + $values; $defaults.Remove('Prompt'); $values.Prompt | ForEach-Object { [pscustomobject]@{ prompt = $_ } } | Invoke-FaceGenBatch -Destination $out @defaults | Where-Object Request")]
    public async Task Every_field_reaches_the_request(string command)
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        string script = command.Replace("Add-Member -PassThru -NotePropertyMembers $values", "ForEach-Object { [pscustomobject]$values }", StringComparison.Ordinal);

        fixture.Run($"{Samples}\n$image = @({script})[-1]\nAssert-Complete $image.Request", fixture.Face, fixture.OutputFolder).WithoutErrors();
    }

    [Fact]
    public async Task Three_commands_have_the_same_fields_and_ranges()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run($$"""
            {{Samples}}
            'New-FaceGenImage', 'Import-FaceGenRequest', 'Invoke-FaceGenBatch' | ForEach-Object { (Get-Field $_ | ForEach-Object { "$($_.Name)=$($_.Value)" }) -join ' ' }
            """, fixture.Face, fixture.OutputFolder).WithoutErrors();

        Assert.Equal(3, result.Output.Count);
        Assert.Single(result.Output.Select(line => string.Join(' ', line.ToString().Split(' ').Order(StringComparer.Ordinal))).Distinct());
        Assert.Contains("width=512", result.Output[0].ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-Style watercolor", "ParameterArgumentValidationError", "Style must be realistic, comic, chibi, 3d or anime, not 'watercolor'.")]
    [InlineData("-Width 900", "ParameterArgumentValidationError", "Width must be")]
    [InlineData("-NumInferenceSteps 22", "ParameterArgumentValidationError", "NumInferenceSteps must be 21, 31 or 41, not 22.")]
    [InlineData("-Webhook http://example.org", "ParameterArgumentValidationError", "Webhook must be an https address, not http://example.org/.")]
    [InlineData("-Width wide", "ParameterArgumentTransformationError", "not 'wide'. Nothing was sent.")]
    [InlineData("-Seed '1.2E+12'", "ParameterArgumentTransformationError", "A spreadsheet such as Excel rounded it.")]
    [InlineData("-FaceImage ''", "RequestInvalid", "FaceImage is required")]
    [InlineData("-FaceImage /none.png", "FaceImageInvalid", "does not exist")]
    [InlineData("-AdditionalField @{ key = 'x' }", "RequestInvalid", "is the key, which FaceGen adds itself")]
    public async Task Typed_invalid_value_is_one_error(string argument, string id, string message)
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        foreach (string command in (string[])["'a', 'b' | New-FaceGenImage", "New-FaceGenImage -Prompt p"])
        {
            ScriptResult result = fixture.Run($"param($face) {command} {(argument.Contains("-FaceImage", StringComparison.Ordinal) ? "" : "-FaceImage $face ")}{argument}", fixture.Face);

            Assert.Equal(id == "RequestInvalid" && command.Contains('|', StringComparison.Ordinal) && argument.StartsWith("-FaceImage", StringComparison.Ordinal) ? 2 : 1, result.Errors.Count);
            Assert.StartsWith($"{id},", result.Errors[0].FullyQualifiedErrorId, StringComparison.Ordinal);
            Assert.Contains(message, result.Errors[0].ToString(), StringComparison.Ordinal);
        }

        Assert.Equal(0, fixture.Emulator.Journal.Accepted);
    }

    [Fact]
    public async Task Script_block_faults_are_in_the_error_of_the_row()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run("""
            param($face)
            [pscustomobject]@{ text = 'good'; photo = $face; wide = 16 }, [pscustomobject]@{ text = 'bad'; photo = '/none.png'; wide = 900 }, [pscustomobject]@{ text = 'better'; photo = $face; wide = 17 } |
                New-FaceGenImage -Prompt { $_.text } -FaceImage { $_.photo } -Width { $_.wide } -Style comic
            """, fixture.Face);

        Assert.Equal(["better", "good"], result.Values("Prompt").Cast<string>().Order(StringComparer.Ordinal));
        Assert.StartsWith("Input 2: ", result.Error.ToString(), StringComparison.Ordinal);
        Assert.Contains("'/none.png' does not exist", result.Error.ToString(), StringComparison.Ordinal);
        Assert.Contains("Width must be", result.Error.ToString(), StringComparison.Ordinal);
        Assert.Empty(result.Warnings);
    }

    [Fact]
    public async Task Nested_commands_keep_their_own_values()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run("""
            param($face)
            'a', 'b' | ForEach-Object { New-FaceGenImage "inner $_" $face -Style anime -Width 20 } | New-FaceGenImage -Prompt { "outer $($_.Prompt)" } -Style chibi |
                ForEach-Object { $_; try { New-FaceGenImage x $face -Style wrong } catch { "$($_.FullyQualifiedErrorId)" } }
            """, fixture.Face).WithoutErrors();

        Assert.Equal(["outer inner a", "outer inner b"], result.Output.Where(item => item.BaseObject is not string).Select(item => item.Properties["Prompt"].Value).Cast<string>().Order(StringComparer.Ordinal));
        Assert.All(result.Output.Where(item => item.BaseObject is not string), item => Assert.Equal("chibi 20", fixture.Run("param($image) \"$($image.Request.Style) $($image.Request.Width)\"", item.BaseObject).Output[0].ToString()));
        Assert.All(result.Output.Where(item => item.BaseObject is string), item => Assert.StartsWith("ParameterArgumentValidationError,", item.ToString(), StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("1 | New-FaceGenImage -Width { 99 } -Prompt { throw 'x' } -FaceImage $face -ErrorAction SilentlyContinue; New-FaceGenImage -Prompt single -FaceImage $face", "single  ")]
    [InlineData("foreach ($i in 1) { 1 | New-FaceGenImage -Width { 99 } -FaceImage $face -Prompt { break } }; New-FaceGenImage -Prompt afterbreak -FaceImage $face", "afterbreak  ")]
    [InlineData("1 | New-FaceGenImage -Width { 99 } -Prompt { throw 'x' } -FaceImage $face -ErrorAction SilentlyContinue; Import-FaceGenRequest $csv -Style comic", "in a file comic ")]
    [InlineData("[pscustomobject]@{ n = 1 } | New-FaceGenImage -Width { 111 } -Style { 'comic' } -FaceImage { $face } -Prompt { $script:inner = Import-FaceGenRequest $csv; 'outer' }; $inner", "outer comic 111|in a file  ")]
    [InlineData("$a = { New-FaceGenImage }.GetSteppablePipeline(); $b = { New-FaceGenImage -Style comic -Width 44 }.GetSteppablePipeline(); $a.Begin($true); $b.Begin($true); $a.Process([pscustomobject]@{ prompt = 'A'; face_image = $face }); $b.Process([pscustomobject]@{ prompt = 'B'; face_image = $face }); $a.End(); $b.End()", "A  |B comic 44")]
    [InlineData("1, 2, 3 | New-FaceGenImage -Prompt { \"p$_\" } -Style { if ($_ -eq 2) { throw 'boom' }; 'comic' } -FaceImage { $face } -Width { 100 + $_ } -ErrorAction SilentlyContinue", "p1 comic 101|p3 comic 103")]
    [InlineData("1 | ForEach-Object { try { 'z' | New-FaceGenImage -Style bad -FaceImage $face | New-FaceGenImage } catch { }; [pscustomobject]@{ p = \"q$_\"; k = 'comic' } } | New-FaceGenImage -Prompt { $_.p } -Style { $_.k } -FaceImage $face", "q1 comic ")]
    [InlineData("@{ prompt = 'a'; style = 'comic'; width = 50; request = [pscustomobject]@{ ticket = 5 } } | New-FaceGenImage -FaceImage $face", "a comic 50")]
    [InlineData("[pscustomobject]@{ prompt = 'a'; face_image = $face; style = '' } | New-FaceGenImage -Style { if ($_.none) { 'comic' } }", "a  ")]
    public async Task Script_block_values_belong_to_one_request(string script, string expected)
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        string csv = fixture.Write("one.csv", $"prompt,face_image\nin a file,{fixture.Face}\n");

        ScriptResult result = fixture.Run($$"""
            param($face, $csv)
            $all = @({{script}})
            $all | ForEach-Object { $request = if ($_.Request) { $_.Request } else { $_ }; "$($request.Prompt) $($request.Style) $($request.Width)" }
            """, fixture.Face, csv);

        Assert.Equal(expected.Split('|'), result.Output.Select(line => line.ToString()).OrderBy(line => line.StartsWith("in a file", StringComparison.Ordinal)).ThenBy(line => line, StringComparer.Ordinal));
    }

    [Fact]
    public async Task Script_block_failure_is_the_error_of_its_row()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run("""
            param($face, $out)
            1, 2, 3 | New-FaceGenImage -Prompt { "p$_" } -Style { if ($_ -eq 2) { throw 'boom' }; 'comic' } -FaceImage $face
            1, 2 | ForEach-Object { [pscustomobject]@{ prompt = "p$_"; face_image = $face } } | Invoke-FaceGenBatch -Destination $out -Style { throw 'boom' }
            """, fixture.Face, fixture.OutputFolder);

        Assert.Equal("Input 2: The script block of -Style failed: boom. The row was not sent. Correct the script block or the row.", result.Errors[0].ToString());
        Assert.Equal(2, result.Output.Count);
        Assert.Contains("2 of 2 rows are invalid. Nothing was sent.", result.Errors[^1].ToString(), StringComparison.Ordinal);
        Assert.Equal(2, fixture.Emulator.Journal.Accepted);
    }

    [Fact]
    public async Task Script_block_without_pipeline_input_is_refused()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run("param($face) New-FaceGenImage -Prompt { 'p' } -FaceImage $face", fixture.Face);

        Assert.StartsWith("ParametersInvalid,", result.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(0, fixture.Emulator.Journal.Accepted);
    }

    [Fact]
    public async Task Proxy_function_passes_face_image()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run("""
            param($face)
            $proxy = [Management.Automation.ProxyCommand]::Create((Get-Command New-FaceGenImage))
            ${function:New-Proxy} = [scriptblock]::Create($proxy)
            New-Proxy -Prompt a -FaceImage $face -Width 16
            [pscustomobject]@{ prompt = 'b'; face_image = $face } | New-Proxy -Width 17
            """, fixture.Face).WithoutErrors();

        Assert.Equal(["a", "b"], result.Values("Prompt").Cast<string>());
    }

    [Theory]
    [InlineData("@{ o = @{ a = 1 }; l = 1, 2 }", "\"l\":\"[1,2]\",\"o\":\"{\\u0022a\\u0022:1}")]
    [InlineData("@{ o = [pscustomobject]@{ a = 1.50d } }", "\"o\":\"{\\u0022a\\u0022:1.5}")]
    [InlineData("@{ d = 12345678901234567890.12345d }", "\"d\":12345678901234567890.12345")]
    public async Task Additional_field_nested_values_survive_a_batch(string fields, string expected)
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        string csv = fixture.Write("one.csv", $"prompt,face_image\nin a file,{fixture.Face}\n");

        fixture.Run($"param($csv, $out) $null = Invoke-FaceGenBatch $csv -Destination $out -AdditionalField {fields}; $null = Invoke-FaceGenBatch $csv -Destination $out -AdditionalField {fields}", csv, fixture.OutputFolder).WithoutErrors();

        string sent = Assert.Single(fixture.Emulator.Journal.Entries, entry => entry.Body?.Contains("in a file", StringComparison.Ordinal) == true).Body!;
        // The journal shows objects and arrays as their text.
        Assert.Contains(expected, sent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Unusual_rows_cost_only_themselves()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run("""
            param($face)
            $throwing = [pscustomobject]@{ prompt = 'throws' }
            $throwing.PSObject.Properties.Add([Management.Automation.PSScriptProperty]::new('style', { throw 'zz' }))
            $other = [pscustomobject]@{ prompt = 'other' }
            $other.PSObject.Properties.Add([Management.Automation.PSScriptProperty]::new('team', { throw 'zz' }))
            $typed = [Collections.Generic.Dictionary[string, object]]::new(); $typed.prompt = 'typed'; $typed.sam = 'x'
            $table = [Data.DataTable]::new(); $null = $table.Columns.Add('prompt'); $null = $table.Columns.Add('acct'); $null = $table.Rows.Add('row', 'jdoe')
            $throwing, $other, $typed, $table.Rows[0], [pscustomobject]@{ prompt = 'bad'; additional_fields = 'oops' }, [pscustomobject]@{ prompt = 'secret'; key = 'SECRETKEY123' } |
                New-FaceGenImage -FaceImage $face | ForEach-Object { "$($_.Prompt) $($_.Request.Columns.Values)" }
            """, fixture.Face);

        Assert.Equal(["other ", "row jdoe", "secret ", "typed x"], result.Output.Select(line => line.ToString()).Order(StringComparer.Ordinal));
        Assert.Equal(["Input 1: The property 'style' cannot be read", "Input 5: additional_fields must be an object"], result.Errors.Select(error => error.ToString().Split([", such", ":  "], StringSplitOptions.None)[0]).Select(text => text[..Math.Min(text.Length, text.StartsWith("Input 1", StringComparison.Ordinal) ? 44 : 100)]));
        Assert.Contains("'key', which may hold a secret", Assert.Single(result.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Base64_false_overrides_piped_request()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run("""
            param($face)
            $image = New-FaceGenImage a $face -Base64 -Width 16
            $image | New-FaceGenImage -Base64:$false
            $image | New-FaceGenImage
            """, fixture.Face).WithoutErrors();

        Assert.Equal(["False", "True"], result.Output.Select(image => fixture.Run("param($image) $image.Request.Base64", image.BaseObject).Output[0].ToString()));
    }

    [Fact]
    public async Task Additional_field_is_sent_and_columns_are_kept()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        string csv = fixture.Write("people.csv", $"prompt,face_image,sam,Team\na,{fixture.Face},jdoe,\nb,{fixture.Face},asmith,blue\n");

        ScriptResult result = fixture.Run("""
            param($csv, $out)
            Invoke-FaceGenBatch $csv -Destination $out -Name '{sam}' -Sidecar -Style comic -AdditionalField @{ model_id = 'new'; steps = 3 } -InformationVariable info |
                Where-Object Request | ForEach-Object { "$($_.Request.Columns['sam']) $($_.Request.AdditionalFields['model_id'])" }
            "$($info | Where-Object MessageData -is [string])"
            Get-FaceGenBatchItem $out/facegen.ledger | ForEach-Object { "$($_.Request.Columns['SAM']) $($_.Request.Style)" }
            """, csv, fixture.OutputFolder).WithoutErrors();

        Assert.Equal(
            ["asmith comic", "asmith new", "jdoe comic", "jdoe new", "people.csv:2: FaceGen keeps the columns 'sam', 'Team', and does not send them. File names, sidecars and reports can contain them."],
            result.Output.Select(line => line.ToString()).Order(StringComparer.Ordinal));
        Assert.Equal(["asmith.png", "jdoe.png"], Directory.GetFiles(fixture.OutputFolder, "*.png").Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.All(fixture.Emulator.Journal.Entries.Where(entry => entry.Body?.Contains("\"prompt\"", StringComparison.Ordinal) == true), entry => Assert.Contains("\"model_id\":\"new\",\"steps\":3", entry.Body!, StringComparison.Ordinal));
        Assert.DoesNotContain(fixture.Emulator.Journal.Entries, entry => entry.Body?.Contains("jdoe", StringComparison.Ordinal) == true);
        Assert.Contains("\"sam\": \"jdoe\"", File.ReadAllText(Path.Combine(fixture.OutputFolder, "jdoe.png.json")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Exported_request_keeps_fields_and_columns_in_the_pipeline()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run("""
            param($face)
            $csv = [pscustomobject]@{ Prompt = 'a'; FaceImage = $face; Width = '16'; AdditionalFields = '{"model_id":"m"}'; Columns = '{"sam":"jdoe"}'; Source = 'people.csv:2'; Error = 'why' }
            $json = [pscustomobject]@{ Prompt = 'b'; FaceImage = [pscustomobject]@{ Link = $null; FilePath = $face }; Width = 16; AdditionalFields = [pscustomobject]@{}; Columns = [pscustomobject]@{ sam = 'x' }; Source = [pscustomobject]@{ File = 'f'; Line = 2; Row = 1 } }
            $empty = [pscustomobject]@{ Prompt = 'c'; FaceImage = $face; Width = ''; AdditionalFields = ''; Columns = ''; Source = '' }
            $csv, $json, $empty | New-FaceGenImage -InformationVariable info | ForEach-Object { "$($_.Request.Prompt) $($_.Request.Width) $($_.Request.AdditionalFields) $($_.Request.Columns)" }
            "$info"
            """, fixture.Face).WithoutErrors();

        Assert.Equal(
            ["a 16 {\"model_id\":\"m\"} {\"sam\":\"jdoe\",\"Error\":\"why\"}", "b 16  {\"sam\":\"x\"}", "c   ", "Input 1: FaceGen keeps the column 'Error', and does not send it. File names, sidecars and reports can contain it."],
            result.Output.Select(line => line.ToString()).Order(StringComparer.Ordinal).OrderBy(line => line.StartsWith("Input", StringComparison.Ordinal)));
    }

    /// <summary>The ledger keeps the names of the script: a run that is resumed needs no script for what is paid for.</summary>
    [Fact]
    public async Task Name_script_block_of_a_batch_names_each_row()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        string csv = fixture.Write("people.csv", $"prompt,face_image,sam\na,{fixture.Face},jdoe\nb,{fixture.Face},asmith\n");

        ScriptResult result = fixture.Run("""
            param($csv, $out)
            Invoke-FaceGenBatch $csv -Destination $out -Name { "staff/$($_.sam)-$($_.Prompt)" } | ForEach-Object { $_.Files.Name }
            Get-FaceGenBatchItem $out | ForEach-Object { $_.Request.Columns['facegen_name'] }
            (Invoke-FaceGenBatch $csv -Destination $out -Name { $_.sam } -PlanOnly).Done
            """, csv, fixture.OutputFolder).WithoutErrors();

        Assert.Equal(["asmith-b.png", "jdoe-a.png", "staff/jdoe-a", "staff/asmith-b", "2"], result.Output.Take(2).Select(name => name.ToString()).Order(StringComparer.Ordinal).Concat(result.Output.Skip(2).Select(name => name.ToString())));
        Assert.Equal(["asmith-b.png", "jdoe-a.png"], Directory.GetFiles(Path.Combine(fixture.OutputFolder, "staff"), "*.png").Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("{ 'same' }", "gives people.csv:2 and people.csv:3 the same file name", "FileNameInvalid")]
    [InlineData("{ $_.nothing }", "does not name a file inside the folder", "BatchInvalid")]
    [InlineData("{ throw 'boom' }", "The script block of -Name failed for people.csv:2: boom.", "BatchInvalid")]
    public async Task Name_script_block_of_a_batch_is_checked_before_anything_is_sent(string script, string message, string last)
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        string csv = fixture.Write("people.csv", $"prompt,face_image,sam\na,{fixture.Face},jdoe\nb,{fixture.Face},asmith\n");

        ScriptResult result = fixture.Run($"param($csv, $out) Invoke-FaceGenBatch $csv -Destination $out -Name {script}", csv, fixture.OutputFolder);

        Assert.Contains(message, result.Errors[0].ToString(), StringComparison.Ordinal);
        Assert.StartsWith(last + ",", result.Errors[^1].FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(0, fixture.Emulator.Journal.Accepted);
    }

    /// <summary>In such a script block <c>$_</c> would be the name of the file, and the value silently empty.</summary>
    [Theory]
    [InlineData("$csv | Import-FaceGenRequest -Style { $_.kind }")]
    [InlineData("$csv | Invoke-FaceGenBatch -Destination $out -Style { $_.kind }")]
    [InlineData("[IO.FileInfo]$csv | Invoke-FaceGenBatch -Destination $out -Style { $_.kind }")]
    public async Task Script_block_for_the_rows_of_a_file_is_refused(string command)
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        string csv = fixture.Write("people.csv", $"prompt,face_image,kind\na,{fixture.Face},comic\n");

        ScriptResult result = fixture.Run($"param($csv, $out) {command}", csv, fixture.OutputFolder);

        Assert.StartsWith("ParametersInvalid,", result.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.StartsWith("-Style is a script block", result.Error.ToString(), StringComparison.Ordinal);
        Assert.Empty(result.Output);
        Assert.Equal(0, fixture.Emulator.Journal.Accepted);
    }

    [Fact]
    public async Task Name_with_unknown_column_stops_before_anything_is_sent()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        string csv = fixture.Write("people.csv", $"prompt,face_image,sam\na,{fixture.Face},jdoe\n");

        ScriptResult result = fixture.Run("param($csv, $out) Invoke-FaceGenBatch $csv -Destination $out -Name '{account}'", csv, fixture.OutputFolder);

        Assert.StartsWith("FileNameInvalid,", result.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("The row has the columns {sam}.", result.Error.ToString(), StringComparison.Ordinal);
        Assert.Equal(0, fixture.Emulator.Journal.Accepted);
    }
}
