using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests.Commands;

/// <summary>Names with brackets: what is created has a name, what exists may be meant by a pattern.</summary>
public sealed class FolderNameTests
{
    [Theory]
    [InlineData("out [2026]", "out [2026]")]
    [InlineData("out `[2026`]", "out [2026]")]
    [InlineData("out [2026", "out [2026")]
    [InlineData("a [1]/b [2]", "a [1]/b [2]")]
    public async Task Folder_name_with_brackets_is_created_literally(string given, string name)
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();
        string csv = bed.WriteCsv("a");

        // Twice: the second run finds the first one's ledger.
        for (int run = 0; run < 2; run++)
            bed.Run("param($csv, $out) Invoke-FaceGenBatch $csv -Destination $out", csv, Path.Combine(bed.Folder, given)).WithoutErrors();
        bed.Run("param($face, $out) New-FaceGenImage b $face | Save-FaceGenOutput $out", bed.Face, Path.Combine(bed.Folder, $"save {given}")).WithoutErrors();

        Assert.True(File.Exists(Path.Combine(bed.Folder, name, "facegen.ledger")));
        Assert.Single(Directory.GetFiles(Path.Combine(bed.Folder, $"save {name}")));
        Assert.Equal(2, bed.Emulator.Journal.Accepted);
    }

    [Theory]
    [InlineData("report [1].html")]
    [InlineData("report `[1`].html")]
    public async Task Report_name_with_brackets_is_created_literally(string given)
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();

        bed.Run("param($csv, $out, $page) Invoke-FaceGenBatch $csv -Destination $out | Export-FaceGenReport $page", bed.WriteCsv("a"), bed.OutputFolder, Path.Combine(bed.Folder, given)).WithoutErrors();

        Assert.True(File.Exists(Path.Combine(bed.Folder, "report [1].html")));
    }

    [Fact]
    public async Task Request_file_escaped_name_is_found()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();
        File.Copy(bed.WriteCsv("a"), Path.Combine(bed.Folder, "people [1].csv"));

        ScriptResult ran = bed.Run("param($csv) Import-FaceGenRequest $csv", Path.Combine(bed.Folder, "people `[1`].csv")).WithoutErrors();

        Assert.Single(ran.Output);
    }

    [Fact]
    public async Task Destination_pattern_resolves_to_existing_folder()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();
        string folder = Directory.CreateDirectory(Path.Combine(bed.Folder, "out 7")).FullName;
        string csv = bed.WriteCsv("a");

        bed.Run("param($csv, $out) Invoke-FaceGenBatch $csv -Destination $out", csv, Path.Combine(bed.Folder, "out [67]")).WithoutErrors();
        ScriptResult none = bed.Run("param($csv, $out) Invoke-FaceGenBatch $csv -Destination $out", csv, Path.Combine(bed.Folder, "none*"));

        Assert.True(File.Exists(Path.Combine(folder, "facegen.ledger")));
        Assert.Contains("Nothing matches", none.Error.ToString(), StringComparison.Ordinal);
    }
}
