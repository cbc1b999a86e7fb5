using System.Text;
using System.Text.Json;
using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests.Commands;

/// <summary>Every input is validated alike: files, rows, hashtables, parameters and deserialized objects.</summary>
public sealed class DamagedInputTests
{
    /// <summary>The commands to test, with files that contain the row, and the row itself.</summary>
    private static readonly string[] InputCommands =
    [
        "Import-FaceGenRequest $folder/in.csv | New-FaceGenImage",
        "Import-FaceGenRequest $folder/in.json | New-FaceGenImage",
        "Import-FaceGenRequest $folder/in.jsonl | New-FaceGenImage",
        "Invoke-FaceGenBatch $folder/in.csv -Destination $folder/out",
        "[pscustomobject] $row | New-FaceGenImage",
        "[pscustomobject] $row | Invoke-FaceGenBatch -Destination $folder/out",
        "[hashtable] $row | New-FaceGenImage",
        "[hashtable] $row | Invoke-FaceGenBatch -Destination $folder/out",
        "New-FaceGenImage @row",
    ];

    [Theory]
    [InlineData("windows-1252")]
    [InlineData("1252")]
    [InlineData("ansi")]
    public async Task Encoding_of_a_request_file_can_be_given(string encoding)
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        string csv = Path.Combine(fixture.Folder, "ansi.csv");
        File.WriteAllBytes(csv, Encoding.Latin1.GetBytes($"prompt,face_image\nMädchen,{fixture.Face}\n"));

        ScriptResult plain = fixture.Run("param($csv) Import-FaceGenRequest $csv", csv);
        ScriptResult result = fixture.Run("param($csv, $encoding) Import-FaceGenRequest $csv -Encoding $encoding", csv, encoding).WithoutErrors();
        ScriptResult batch = fixture.Run("param($csv, $encoding, $out) Invoke-FaceGenBatch $csv $out -Encoding $encoding -Width 16 | Where-Object Source", csv, encoding, fixture.OutputFolder).WithoutErrors();
        ScriptResult unknown = fixture.Run("param($csv) Import-FaceGenRequest $csv -Encoding klingon", csv);

        Assert.Contains("give its -Encoding", plain.Error.ToString(), StringComparison.Ordinal);
        Assert.Equal("Mädchen", result.Single.Properties["Prompt"].Value);
        Assert.Equal("Mädchen", batch.Single.Properties["Prompt"].Value);
        Assert.Contains("'klingon' is not an encoding", unknown.Error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("prompt", "#NAME?", "spreadsheet formula")]
    [InlineData("negative_prompt", "#VALUE!", "spreadsheet formula")]
    [InlineData("prompt", "caf\uFFFD", "not UTF-8")]
    [InlineData("face_image", "caf\uFFFD.png", "not UTF-8")]
    [InlineData("seed", "1.23457E+12", "Excel rounded it")]
    [InlineData("track_id", "1,23457E+12", "Excel rounded it")]
    [InlineData("seed", "4\u200B2", "'4\\u200B2'")]
    [InlineData("prompt", "\u200B\u00A0", "Prompt is required")]
    public async Task Damaged_value_is_refused_by_every_input_command(string field, string value, string reason)
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        Dictionary<string, string> row = new() { ["prompt"] = "a", ["face_image"] = fixture.Face };
        row[field] = value;
        fixture.Write("in.csv", $"{string.Join(',', row.Keys)}\n{string.Join(',', row.Values.Select(cell => $"\"{cell}\""))}\n");
        fixture.Write("in.json", $"[{JsonSerializer.Serialize(row)}]");
        fixture.Write("in.jsonl", JsonSerializer.Serialize(row));

        foreach (string command in InputCommands)
        {
            ScriptResult result = fixture.Run($$"""
                param($folder, $cells)
                $row = [ordered]@{}
                foreach ($cell in $cells.GetEnumerator()) { $row[$cell.Key] = $cell.Value }
                {{command}}
                """, fixture.Folder, row);

            Assert.Contains(reason, string.Join("\n", result.Errors), StringComparison.Ordinal);
        }

        Assert.Empty(fixture.Emulator.Journal.Entries);
    }

    [Fact]
    public async Task Deserialized_request_changed_seed_is_validated()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run("""
            param($csv)
            $request = [Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize((Import-FaceGenRequest $csv), 3))
            $request.Seed = '1.23457E+12'
            $request | New-FaceGenImage
            """, fixture.Write("one.csv", $"prompt,face_image,seed\na,{fixture.Face},1\n"));

        Assert.Contains("Excel rounded it", result.Errors[0].ToString(), StringComparison.Ordinal);
        Assert.Empty(fixture.Emulator.Journal.Entries);
    }

    [Fact]
    public async Task Spreadsheet_headings_are_accepted_by_both_commands()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run("""
            param($face, $out)
            $rows = [pscustomobject]@{ Prompt = 'a'; 'Face Image' = $face; 'Negative Prompt' = 'hat'; "$([char]0xFEFF)seed" = " 7$([char]0xA0)" }
            $rows | New-FaceGenImage | ForEach-Object Request
            $rows | Invoke-FaceGenBatch -Destination $out | ForEach-Object Request
            """, fixture.Face, fixture.OutputFolder).WithoutErrors();

        Assert.Equal(["hat", "hat"], result.Values("NegativePrompt"));
        Assert.Equal([7L, 7L], result.Values("Seed"));
        Assert.Empty(result.Warnings);
    }

    [Fact]
    public async Task Misspelled_column_warns_with_suggestion()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run("param($csv, $out) Invoke-FaceGenBatch $csv -Destination $out -WhatIf", fixture.Write("one.csv", $"prompt,face_image,negativ_prompt\na,{fixture.Face},hat\n"), fixture.OutputFolder);

        Assert.Contains("'negativ_prompt' (did you mean 'negative_prompt'?)", Assert.Single(result.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Array_wrapper_object_is_refused_with_hint()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run("param($face) [pscustomobject]@{ value = @([pscustomobject]@{ prompt = 'a'; face_image = $face }); Count = 1 } | New-FaceGenImage", fixture.Face);

        Assert.Contains("Nothing was sent. Pipe the property 'value' instead.", result.Errors[0].ToString(), StringComparison.Ordinal);
        Assert.Empty(result.Warnings);
        Assert.Empty(fixture.Emulator.Journal.Entries);
    }

    [Theory]
    [InlineData("\"emulator-key\"")]
    [InlineData("\uFEFFemulator-key\r\n")]
    [InlineData("Bearer emulator-key")]
    [InlineData("MODELSLAB_API_KEY='emulator-key'")]
    public async Task Key_with_quotes_BOM_or_prefix_is_accepted(string key)
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run("param($uri, $key) $null = Connect-FaceGen $key -BaseUri $uri; Test-FaceGenConnection", fixture.Emulator.BaseUri, key).WithoutErrors();

        Assert.Equal(true, result.Single.BaseObject);
    }

    [Fact]
    public async Task Key_with_a_space_is_refused_before_anything_is_sent()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run("param($uri) Connect-FaceGen 'emulator-key extra' -BaseUri $uri", fixture.Emulator.BaseUri);

        Assert.Equal("The key has a blank inside. Nothing was sent. Copy the key from the account's page again, without other text.", result.Error.ToString());
        Assert.Empty(fixture.Emulator.Journal.Entries);
    }
}
