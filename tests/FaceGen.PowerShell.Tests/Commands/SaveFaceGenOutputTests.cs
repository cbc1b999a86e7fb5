using System.Security.Cryptography;
using System.Text.Json;
using FaceGen.Emulator.Faults;
using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests.Commands;

public sealed class SaveFaceGenOutputTests
{
    [Fact]
    public async Task Row_without_a_generation_is_refused_in_words()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        fixture.Emulator.Faults.Add(FaultRule.Parse("Q1-error@submit:prompt=bad"));
        fixture.RunBatch(fixture.WriteCsv("bad", "good"));

        ScriptResult result = fixture.Run("""
            param($out)
            $rows = Get-FaceGenBatchItem $out
            $rows | Save-FaceGenOutput $out/again
            [Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize($rows[0])) | Save-FaceGenOutput $out/again
            """, fixture.OutputFolder);

        Assert.Single(result.Output);
        Assert.Equal(2, result.Errors.Count);
        Assert.All(result.Errors, error => Assert.Contains("An object of type BatchItem has no generation id. Nothing was sent.", error.ToString(), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Saved_image_describes_its_file()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        var saved = fixture.Run("param($face, $out) New-FaceGenImage p $face -Width 64 -Height 80 | Save-FaceGenOutput $out", fixture.Face, fixture.OutputFolder).WithoutErrors().Single;

        string path = (string)saved.Properties["FullName"].Value;
        byte[] bytes = File.ReadAllBytes(path);
        Assert.Equal(fixture.OutputFolder, Path.GetDirectoryName(path));
        Assert.Equal((long)bytes.Length, saved.Properties["Length"].Value);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(bytes)), saved.Properties["Sha256"].Value);
        Assert.Equal((64, 80), (saved.Properties["Width"].Value, saved.Properties["Height"].Value));
        Assert.Equal(false, saved.Properties["Filtered"].Value);
        Assert.Equal(path, saved.ToString());
    }

    [Fact]
    public async Task Name_template_gives_each_sample_its_own_name()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        fixture.Run("param($face, $out) New-FaceGenImage 'a / b: c' $face -Style comic -Seed 5 -Samples 2 -TrackId 8 -Width 32 | Save-FaceGenOutput $out -Name '{style}/{prompt} {seed} {track_id}'", fixture.Face, fixture.OutputFolder).WithoutErrors();

        Assert.Equal(["a _ b_ c 5 8-1.png", "a _ b_ c 5 8-2.png"],
            Directory.GetFiles(Path.Combine(fixture.OutputFolder, "comic")).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    /// <summary>The largest size returns one image (Q41). The command that first sees this warns of it, and no other.</summary>
    [Theory]
    [InlineData("New-FaceGenImage @request | Save-FaceGenOutput $out")]
    [InlineData("New-FaceGenImage @request | Wait-FaceGenImage | Save-FaceGenOutput $out")]
    [InlineData("New-FaceGenImage @request -NoWait | Save-FaceGenOutput $out")]
    [InlineData("New-FaceGenImage @request -NoWait | Wait-FaceGenImage | Save-FaceGenOutput $out")]
    public async Task Missing_images_are_warned_of_once(string script)
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync(serviceSeconds: 0.2);

        ScriptResult result = fixture.Run("""
            param($face, $out)
            $request = @{ Prompt = 'p'; FaceImage = $face; Samples = 2; Width = 512; Height = 768 }

            """ + script, fixture.Face, fixture.OutputFolder).WithoutErrors();

        Assert.Single(result.Output);
        Assert.Single(result.Warnings, warning => warning.Contains("The service returned 1 of 2 images", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Missing_images_of_a_pending_generation_are_warned_of()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync(serviceSeconds: 600);
        fixture.Run("param($face) $null = New-FaceGenImage p $face -Samples 2 -Width 512 -Height 768 -NoWait", fixture.Face).WithoutErrors();
        fixture.Emulator.Clock.Advance(TimeSpan.FromMinutes(11));

        ScriptResult result = fixture.Run("param($out) Get-FaceGenImage | Save-FaceGenOutput $out", fixture.OutputFolder).WithoutErrors();

        Assert.Single(result.Output);
        Assert.Single(result.Warnings, warning => warning.Contains("The service returned 1 of 2 images", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Track_id_may_be_a_text()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        string csv = fixture.Write("people.csv", $"prompt,face_image,width,track_id\na,{fixture.Face},32,order_12345\nb,{fixture.Face},32,12\n");

        ScriptResult result = fixture.Run("""
            param($face, $out, $csv)
            $images = @(Import-FaceGenRequest $csv | New-FaceGenImage) + (New-FaceGenImage c $face -Width 32 -TrackId 007)
            $images | Save-FaceGenOutput $out -Name '{track_id}' | Out-Null
            $images.TrackId
            """, fixture.Face, fixture.OutputFolder, csv).WithoutErrors();

        // Images are emitted as they are ready.
        Assert.Equal(["007", "12", "order_12345"], result.Output.Select(id => (string)id.BaseObject).Order(StringComparer.Ordinal));
        Assert.Equal(["007.png", "12.png", "order_12345.png"], Directory.GetFiles(fixture.OutputFolder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        string[] bodies = [.. fixture.Emulator.Journal.Entries.Select(entry => entry.Body ?? "")];
        Assert.Contains(bodies, body => body.Contains("\"track_id\":\"order_12345\"", StringComparison.Ordinal));
        Assert.Contains(bodies, body => body.Contains("\"track_id\":12", StringComparison.Ordinal));
        Assert.Contains(bodies, body => body.Contains("\"track_id\":\"007\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Flag_of_a_deserialized_generation_marks_its_image_as_filtered()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run("""
            param($face, $out)
            $stored = [Management.Automation.PSSerializer]::Serialize((New-FaceGenImage p $face -Width 32), 2)
            $flagged = $stored -replace '(<S N="Key">)prompt(</S>\s*<S N="Value">)p<', '${1}nsfw_content_detected${2}true<'
            [Management.Automation.PSSerializer]::Deserialize($flagged) | Save-FaceGenOutput $out
            """, fixture.Face, fixture.OutputFolder).WithoutErrors();

        Assert.Equal(true, result.Single.Properties["Filtered"].Value);
    }

    [Fact]
    public async Task Name_template_row_is_number_in_file_or_pipeline()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        fixture.Run("""
            param($face, $out)
            'a', 'b' | New-FaceGenImage -FaceImage $face -Width 32 | Save-FaceGenOutput $out -Name '{row} {prompt}'
            [pscustomobject]@{ Prompt = 'c' } | New-FaceGenImage -FaceImage $face -Width 32 | Save-FaceGenOutput $out -Name '{row} {prompt}'
            """, fixture.Face, fixture.OutputFolder).WithoutErrors();

        Assert.Equal(["1 a.png", "1 c.png", "2 b.png"], Directory.GetFiles(fixture.OutputFolder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("-OutFile pilot.png", "pilot.png", "pilot-2.png")]
    [InlineData("-OutFile ./new/pilot.PNG", "new/pilot-2.PNG", "new/pilot.PNG")]
    [InlineData("-OutFile pilot", "pilot-2.png", "pilot.png")]
    [InlineData("-OutFile 'pilot [1].png'", "pilot [1]-2.png", "pilot [1].png")]
    [InlineData("./pilot.png", "pilot-2.png", "pilot.png")]
    [InlineData("-LiteralPath pilot.png", "pilot-2.png", "pilot.png")]
    [InlineData("-Name pilot.png", "pilot-1.png", "pilot-2.png")]
    [InlineData("old.png -Name pilot", "old.png/pilot-1.png", "old.png/pilot-2.png")]
    [InlineData("-Name { $_.Request.Columns.sam + '.png' }", "jdoe-1.png", "jdoe-2.png")]
    [InlineData("-Name { \"$($_.Style)/$($_.Row)\" }", "comic/1-1.png", "comic/1-2.png")]
    public async Task Name_of_file_is_never_a_folder(string parameters, params string[] expected)
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        Directory.CreateDirectory(Path.Combine(fixture.OutputFolder, "old.png"));

        ScriptResult result = fixture.Run($$"""
            param($face, $out)
            $ExecutionContext.SessionState.Path.SetLocation($out) > $null
            [pscustomobject]@{ prompt = 'p'; sam = 'jdoe' } | New-FaceGenImage -FaceImage $face -Width 16 -Samples 2 -Style comic | Save-FaceGenOutput {{parameters}}
            """, fixture.Face, fixture.OutputFolder).WithoutErrors();

        Assert.Equal(expected.Order(StringComparer.Ordinal), Directory.GetFiles(fixture.OutputFolder, "*", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(fixture.OutputFolder, file).Replace('\\', '/')).Order(StringComparer.Ordinal));
        Assert.Empty(result.Warnings);
    }

    [Fact]
    public async Task OutFile_images_are_numbered_in_input_order_and_kept()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run("""
            param($face, $out)
            $all = 1..5 | ForEach-Object { New-FaceGenImage "p$_" $face -Width 16 }
            $all | Save-FaceGenOutput -OutFile $out/p.png | ForEach-Object { "$($_.Prompt) $($_.Name)" }
            """, fixture.Face, fixture.OutputFolder).WithoutErrors();
        ScriptResult again = fixture.Run("param($out) $all[0] | Save-FaceGenOutput -OutFile $out/p.png", fixture.OutputFolder);

        Assert.Equal(["p1 p.png", "p2 p-2.png", "p3 p-3.png", "p4 p-4.png", "p5 p-5.png"], result.Output.Select(name => name.ToString()).Order());
        Assert.StartsWith("FileExists,", again.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OutFile_of_another_format_warns_and_gets_the_extension_of_the_image()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run("param($face, $out) New-FaceGenImage p $face -Width 16 | Save-FaceGenOutput -OutFile $out/p.jpg", fixture.Face, fixture.OutputFolder).WithoutErrors();

        Assert.Equal("p.png", result.Single.Properties["Name"].Value);
        Assert.Contains("is a PNG file", Assert.Single(result.Warnings), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-OutFile $out", "FileNotWritten")]
    [InlineData("-OutFile p.png -Name x", "ParametersInvalid")]
    [InlineData("p.png -Name x", "ParametersInvalid")]
    [InlineData("$out -Name { throw 'no name' }", "FileNameInvalid")]
    [InlineData("$out -Name { }", "FileNameInvalid")]
    [InlineData("$out -Name { '../x' }", "FileNameInvalid")]
    public async Task Name_of_file_that_cannot_be_used_saves_nothing(string parameters, string error)
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        Directory.CreateDirectory(fixture.OutputFolder);

        ScriptResult result = fixture.Run($"param($face, $out) $ExecutionContext.SessionState.Path.SetLocation($out) > $null; New-FaceGenImage p $face -Width 16 | Save-FaceGenOutput {parameters}", fixture.Face, fixture.OutputFolder);

        Assert.StartsWith($"{error},", result.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(fixture.OutputFolder));
    }

    [Theory]
    [InlineData("{promt}", "is not a field of a file name")]
    [InlineData("{nonsense}", "nor a column of the row")]
    [InlineData("{id", "has an unpaired brace")]
    [InlineData("../{id}", "does not name a file inside the folder")]
    [InlineData("C:/{id}", "does not name a file inside the folder")]
    public async Task Name_template_invalid_is_refused_before_download(string name, string reason)
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run("param($face, $out, $name) $g = New-FaceGenImage p $face -Width 16; $g | Save-FaceGenOutput $out -Name $name", fixture.Face, fixture.OutputFolder, name);

        Assert.StartsWith("FileNameInvalid,", result.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains(reason, result.Error.ToString(), StringComparison.Ordinal);
        Assert.False(Directory.Exists(fixture.OutputFolder));
    }

    [Fact]
    public async Task Existing_file_is_kept_unless_Force_or_SkipExisting()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        fixture.Run("param($face, $out) $script:g = New-FaceGenImage p $face -Width 32; $g | Save-FaceGenOutput $out", fixture.Face, fixture.OutputFolder).WithoutErrors();
        string file = Assert.Single(Directory.GetFiles(fixture.OutputFolder));
        int Downloads() => fixture.Emulator.Journal.Entries.Count(entry => entry.Path.StartsWith("/images", StringComparison.Ordinal));

        ScriptResult again = fixture.Run("param($out) $g | Save-FaceGenOutput $out", fixture.OutputFolder);
        int before = Downloads();
        ScriptResult skipped = fixture.Run("param($out) $g | Save-FaceGenOutput $out -SkipExisting", fixture.OutputFolder).WithoutErrors();
        int after = Downloads();
        ScriptResult forced = fixture.Run("param($out) $g | Save-FaceGenOutput $out -Force", fixture.OutputFolder).WithoutErrors();

        Assert.StartsWith("FileExists,", again.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains($"'{file}'", again.Error.ToString(), StringComparison.Ordinal);
        Assert.EndsWith("Replace it with -Force, or keep it with -SkipExisting.", again.Error.ToString(), StringComparison.Ordinal);
        Assert.Equal(file, skipped.Single.ToString());
        Assert.Equal(before, after);
        Assert.Equal(file, forced.Single.ToString());
        Assert.Single(Directory.GetFiles(fixture.OutputFolder));
    }

    [Theory]
    [InlineData("-Force")]
    [InlineData("-SkipExisting")]
    public async Task Images_of_one_run_with_the_same_name_are_refused(string option)
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run($"param($face, $out) 1..6 | ForEach-Object {{ \"p$_\" }} | New-FaceGenImage -FaceImage $face -Width 16 -Style comic | Save-FaceGenOutput $out -Name '{{style}}' {option}", fixture.Face, fixture.OutputFolder);
        ScriptResult rest = fixture.Run("param($out) Get-FaceGenImage | Save-FaceGenOutput $out", fixture.OutputFolder).WithoutErrors();

        Assert.Single(result.Output);
        Assert.Equal(5, result.Errors.Count);
        Assert.All(result.Errors, error => Assert.StartsWith("FileExists,", error.FullyQualifiedErrorId, StringComparison.Ordinal));
        Assert.Equal(5, rest.Output.Count);
        Assert.Equal(6, Directory.GetFiles(fixture.OutputFolder).Length);
    }

    [Fact]
    public async Task Same_name_for_all_images_reports_hint()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run("param($face, $out) 'a', 'b' | New-FaceGenImage -FaceImage $face -Width 16 | Save-FaceGenOutput $out -Name same", fixture.Face, fixture.OutputFolder);

        Assert.Matches("^Input [12]: .*'.*same.png'.* If it is another image of this run, add {id} to -Name.$", result.Error.ToString());
    }

    [Fact]
    public async Task File_name_of_a_folder_reports_error()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        Directory.CreateDirectory(Path.Combine(fixture.OutputFolder, "same.png"));

        ScriptResult result = fixture.Run("param($face, $out) New-FaceGenImage a $face | Save-FaceGenOutput $out -Name same -Force", fixture.Face, fixture.OutputFolder);

        Assert.StartsWith("FileNotWritten,", result.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("is a folder", result.Error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Path_wildcard_matches_folders_only()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        Directory.CreateDirectory(fixture.OutputFolder);
        File.WriteAllText(fixture.OutputFolder + "put.txt", "");

        ScriptResult result = fixture.Run("param($face, $out) New-FaceGenImage a $face | Save-FaceGenOutput \"$out*\"", fixture.Face, fixture.OutputFolder).WithoutErrors();

        Assert.Equal(fixture.OutputFolder, Path.GetDirectoryName((string)result.Single.Properties["FullName"].Value));
    }

    [Fact]
    public async Task Path_below_a_file_is_refused_before_anything_is_generated()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run("param($face) New-FaceGenImage p $face | Save-FaceGenOutput \"$face/out\"", fixture.Face);

        Assert.StartsWith("FileNotWritten,", result.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(0, fixture.Emulator.Journal.Accepted);
    }

    [Fact]
    public async Task Save_WhatIf_keeps_the_generation_pending()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run("param($face, $out) New-FaceGenImage p $face | Save-FaceGenOutput $out -WhatIf; Get-FaceGenImage", fixture.Face, fixture.OutputFolder).WithoutErrors();

        Assert.Equal("p", result.Single.Properties["Prompt"].Value);
    }

    [Fact]
    public async Task Sidecar_contains_request_seed_and_hash()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        var saved = fixture.Run("param($face, $out) New-FaceGenImage 'Zoë' $face -Seed 5 -SScale 0.1 -Width 32 | Save-FaceGenOutput -LiteralPath $out -Sidecar", fixture.Face, fixture.OutputFolder).WithoutErrors().Single;

        string text = File.ReadAllText(saved + ".json");
        using JsonDocument sidecar = JsonDocument.Parse(text);
        Assert.Equal(saved.Properties["Sha256"].Value, sidecar.RootElement.GetProperty("sha256").GetString());
        Assert.Equal(5, sidecar.RootElement.GetProperty("seed").GetInt64());
        Assert.Equal("Zoë", sidecar.RootElement.GetProperty("request").GetProperty("prompt").GetString());
        Assert.Equal("0.1", sidecar.RootElement.GetProperty("request").GetProperty("s_scale").GetRawText());
        Assert.Equal(fixture.Face, sidecar.RootElement.GetProperty("request").GetProperty("face_image").GetString());
        Assert.DoesNotContain("emulator-key", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Base64_images_are_saved_decoded()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        var saved = fixture.Run("param($face, $out) New-FaceGenImage p $face -Base64 -Width 32 | Save-FaceGenOutput $out", fixture.Face, fixture.OutputFolder).WithoutErrors().Single;

        Assert.Equal("Png", saved.Properties["Format"].Value.ToString());
    }

    [Fact]
    public async Task Censored_image_is_marked_Filtered()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        var saved = fixture.Run("param($face, $out) New-FaceGenImage 'nsfw' $face -SafetyChecker $true -SafetyCheckerType black -Width 128 -Height 128 | Save-FaceGenOutput $out", fixture.Face, fixture.OutputFolder).WithoutErrors().Single;

        Assert.Equal(true, saved.Properties["Filtered"].Value);
    }

    /// <summary>A generation whose images are saved, or that another session submitted, is not kept as an unsaved one.</summary>
    [Theory]
    [InlineData("$g | Show-FaceGenImage")]
    [InlineData("$g | Save-FaceGenOutput $out -WhatIf")]
    [InlineData("Get-FaceGenImage -All | Show-FaceGenImage")]
    [InlineData("Get-FaceGenImage -All | Save-FaceGenOutput $out -WhatIf")]
    public async Task Saved_generation_does_not_become_pending_again(string command)
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run($"param($face, $out) $g = New-FaceGenImage p $face; $null = $g | Save-FaceGenOutput $out; {command}; Get-FaceGenImage", fixture.Face, fixture.OutputFolder).WithoutErrors();

        Assert.Empty(result.Output);
    }

    [Fact]
    public async Task Save_pending_generation_waits()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync(serviceSeconds: 0.2);

        ScriptResult result = fixture.Run("param($face, $out) 'a','b' | New-FaceGenImage -FaceImage $face -Width 32 -NoWait | Save-FaceGenOutput $out", fixture.Face, fixture.OutputFolder).WithoutErrors();

        Assert.Equal(2, result.Output.Count);
    }

    [Fact]
    public async Task Save_after_24_hours_reports_DownloadFailed()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        fixture.Run("param($face) $script:g = New-FaceGenImage p $face -Width 32", fixture.Face).WithoutErrors();
        fixture.Emulator.Clock.Advance(TimeSpan.FromHours(25));

        ScriptResult result = fixture.Run("param($out) $g | Save-FaceGenOutput $out -TimeoutSec 1", fixture.OutputFolder);

        Assert.StartsWith("DownloadFailed,", result.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Same(fixture.Run("$g").Single.BaseObject, result.Error.TargetObject);
    }

    [Fact]
    public async Task Save_WhatIf_writes_nothing()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        fixture.Run("param($face, $out) $g = New-FaceGenImage p $face -Width 32; $g | Save-FaceGenOutput $out -WhatIf", fixture.Face, fixture.OutputFolder).WithoutErrors();

        Assert.False(Directory.Exists(fixture.OutputFolder));
    }

    [Fact]
    public async Task Deserialized_generation_is_waited_for_saved_and_deleted()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync(serviceSeconds: 0.2);

        ScriptResult result = fixture.Run("""
            param($face, $out)
            function Send-Away { $input | ForEach-Object { [Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize($_, 2)) } }
            $sent = New-FaceGenImage p $face -Width 32 -Style comic -Samples 2 -NoWait | Send-Away
            $image = Wait-FaceGenImage -Generation $sent | Send-Away
            $image.PSTypeNames[0]
            $saved = $image | Save-FaceGenOutput $out -Name '{style} {date} {index}'
            $saved.FullName
            $saved | Send-Away | Remove-FaceGenImage -Confirm:$false
            """, fixture.Face, fixture.OutputFolder).WithoutErrors();

        Assert.Equal("Deserialized.FaceGen.Generation", result.Output[0].ToString());
        Assert.All(result.Output.Skip(1), file => Assert.Matches("comic [0-9]{4}-[0-9]{2}-[0-9]{2} [12].png$", file.ToString()));
        Assert.Equal(3, result.Output.Count);
        Assert.Equal(1, fixture.Emulator.Journal.Accepted);
        Assert.Single(fixture.Emulator.Journal.Entries, entry => entry.Path == "/api/v3/delete_image" && entry.Status == 200);
    }
}
