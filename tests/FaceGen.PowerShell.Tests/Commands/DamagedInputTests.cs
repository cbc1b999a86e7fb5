using System.Text.Json;
using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests.Commands;

/// <summary>A value is judged alike on every way in: files, rows, hashtables, parameters, and objects that a file has kept.</summary>
public sealed class DamagedInputTests
{
    /// <summary>Each gets files that hold the row, and the row itself.</summary>
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
    [InlineData("prompt", "#NAME?", "spreadsheet's formula")]
    [InlineData("negative_prompt", "#VALUE!", "spreadsheet's formula")]
    [InlineData("prompt", "caf\uFFFD", "not UTF-8")]
    [InlineData("face_image", "caf\uFFFD.png", "not UTF-8")]
    [InlineData("seed", "1.23457E+12", "has rounded it")]
    [InlineData("track_id", "1,23457E+12", "has rounded it")]
    [InlineData("seed", "4\u200B2", "'4\\u200B2'")]
    [InlineData("prompt", "\u200B\u00A0", "Prompt is required")]
    public async Task Damaged_value_is_refused_by_every_input_command(string field, string value, string reason)
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();

        Dictionary<string, string> row = new() { ["prompt"] = "a", ["face_image"] = bed.Face };
        row[field] = value;
        bed.Write("in.csv", $"{string.Join(',', row.Keys)}\n{string.Join(',', row.Values.Select(cell => $"\"{cell}\""))}\n");
        bed.Write("in.json", $"[{JsonSerializer.Serialize(row)}]");
        bed.Write("in.jsonl", JsonSerializer.Serialize(row));

        foreach (string way in InputCommands)
        {
            ScriptResult ran = bed.Run($$"""
                param($folder, $cells)
                $row = [ordered]@{}
                foreach ($cell in $cells.GetEnumerator()) { $row[$cell.Key] = $cell.Value }
                {{way}}
                """, bed.Folder, row);

            Assert.Contains(reason, string.Join("\n", ran.Errors), StringComparison.Ordinal);
        }

        Assert.Empty(bed.Emulator.Journal.Entries);
    }

    [Fact]
    public async Task Deserialized_request_changed_seed_is_validated()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();

        ScriptResult ran = bed.Run("""
            param($csv)
            $request = [Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize((Import-FaceGenRequest $csv), 3))
            $request.Seed = '1.23457E+12'
            $request | New-FaceGenImage
            """, bed.Write("one.csv", $"prompt,face_image,seed\na,{bed.Face},1\n"));

        Assert.Contains("has rounded it", ran.Errors[0].ToString(), StringComparison.Ordinal);
        Assert.Empty(bed.Emulator.Journal.Entries);
    }

    [Fact]
    public async Task Spreadsheet_headings_are_accepted_by_both_commands()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();

        ScriptResult ran = bed.Run("""
            param($face, $out)
            $rows = [pscustomobject]@{ Prompt = 'a'; 'Face Image' = $face; 'Negative Prompt' = 'hat'; "$([char]0xFEFF)seed" = " 7$([char]0xA0)" }
            $rows | New-FaceGenImage | ForEach-Object Request
            $rows | Invoke-FaceGenBatch -Destination $out | Where-Object Request | ForEach-Object Request
            """, bed.Face, bed.OutputFolder).WithoutErrors();

        Assert.Equal(["hat", "hat"], ran.Values("NegativePrompt"));
        Assert.Equal([7L, 7L], ran.Values("Seed"));
        Assert.Empty(ran.Warnings);
    }

    [Fact]
    public async Task Misspelled_column_warns_with_suggestion()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();

        ScriptResult ran = bed.Run("param($csv, $out) Invoke-FaceGenBatch $csv -Destination $out -WhatIf", bed.Write("one.csv", $"prompt,face_image,negativ_prompt\na,{bed.Face},hat\n"), bed.OutputFolder);

        Assert.Contains("'negativ_prompt' (did you mean 'negative_prompt'?)", Assert.Single(ran.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Array_wrapper_object_is_refused_with_hint()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();

        ScriptResult ran = bed.Run("param($face) [pscustomobject]@{ value = @([pscustomobject]@{ prompt = 'a'; face_image = $face }); Count = 1 } | New-FaceGenImage", bed.Face);

        Assert.Contains("Pipe its property 'value' in its place", ran.Errors[0].ToString(), StringComparison.Ordinal);
        Assert.Empty(ran.Warnings);
        Assert.Empty(bed.Emulator.Journal.Entries);
    }

    [Theory]
    [InlineData("\"emulator-key\"")]
    [InlineData("\uFEFFemulator-key\r\n")]
    [InlineData("Bearer emulator-key")]
    [InlineData("MODELSLAB_API_KEY='emulator-key'")]
    public async Task Key_with_quotes_BOM_or_prefix_is_accepted(string key)
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();

        ScriptResult ran = bed.Run("param($uri, $key) $null = Connect-FaceGen $key -BaseUri $uri; Test-FaceGenConnection", bed.Emulator.BaseUri, key).WithoutErrors();

        Assert.Equal(true, ran.Single.BaseObject);
    }

    [Fact]
    public async Task Key_with_a_space_is_refused_before_anything_is_sent()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();

        ScriptResult ran = bed.Run("param($uri) Connect-FaceGen 'emulator-key extra' -BaseUri $uri", bed.Emulator.BaseUri);

        Assert.Equal("The key has a blank inside. Nothing was sent. Copy the key from the account's page again, and give it alone.", ran.Error.ToString());
        Assert.Empty(bed.Emulator.Journal.Entries);
    }
}
