using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests.Commands;

/// <summary>Rows of an input that ask for the same as another row.</summary>
public sealed class BatchDuplicateTests
{
    [Fact]
    public async Task Batch_duplicate_rows_warns_and_submits_each()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();
        string csv = bed.WriteCsv("a", "b", "a", "a");

        ScriptResult plan = bed.Run("param($csv, $out) Invoke-FaceGenBatch $csv -Destination $out -WhatIf", csv, bed.OutputFolder).WithoutErrors();
        Assert.Empty(bed.Emulator.Journal.Entries);
        ScriptResult ran = bed.Run("param($csv, $out) Invoke-FaceGenBatch $csv -Destination $out", csv, bed.OutputFolder).WithoutErrors();

        string warning = Assert.Single(plan.Warnings);
        Assert.StartsWith("2 rows of the input repeat another row: people.csv:4 asks for the same as people.csv:2. Each of them is paid for.", warning, StringComparison.Ordinal);
        Assert.Contains("-SkipDuplicate", warning, StringComparison.Ordinal);
        Assert.Equal([warning], ran.Warnings);
        Assert.Equal(4, bed.Emulator.Journal.Accepted);
        Assert.Empty(bed.Run("param($csv, $out) Invoke-FaceGenBatch $csv -Destination $out", csv, bed.OutputFolder).WithoutErrors().Warnings);
        Assert.Equal(4, bed.Emulator.Journal.Accepted);
    }

    [Fact]
    public async Task Batch_SkipDuplicate_omits_duplicate_rows()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();

        BatchResult ran = bed.RunBatch(bed.WriteCsv("a", "b", "a", "a"), "-SkipDuplicate").WithoutErrors();

        Assert.Equal(["a", "b"], ran.Prompts);
        Assert.Equal(("Complete", 2), (ran.State, ran["Rows"]));
        Assert.Empty(ran.Result.Warnings);
        Assert.Equal(2, bed.Emulator.Journal.Accepted);
    }
}
