using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests.Commands;

/// <summary>Duplicate rows in the input of a batch.</summary>
public sealed class BatchDuplicateTests
{
    [Fact]
    public async Task Batch_duplicate_rows_warns_and_submits_each()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        string csv = fixture.WriteCsv("a", "b", "a", "a");

        ScriptResult plan = fixture.Run("param($csv, $out) Invoke-FaceGenBatch $csv -Destination $out -WhatIf", csv, fixture.OutputFolder).WithoutErrors();
        Assert.Empty(fixture.Emulator.Journal.Entries);
        ScriptResult result = fixture.Run("param($csv, $out) Invoke-FaceGenBatch $csv -Destination $out", csv, fixture.OutputFolder).WithoutErrors();

        string warning = Assert.Single(plan.Warnings);
        Assert.StartsWith("2 rows of the input repeat another row: people.csv:4 is the same request as people.csv:2. Each row is sent and paid for.", warning, StringComparison.Ordinal);
        Assert.Contains("-SkipDuplicate", warning, StringComparison.Ordinal);
        Assert.Equal([warning], result.Warnings);
        Assert.Equal(4, fixture.Emulator.Journal.Accepted);
        Assert.Empty(fixture.Run("param($csv, $out) Invoke-FaceGenBatch $csv -Destination $out", csv, fixture.OutputFolder).WithoutErrors().Warnings);
        Assert.Equal(4, fixture.Emulator.Journal.Accepted);
    }

    [Fact]
    public async Task Batch_SkipDuplicate_omits_duplicate_rows()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        BatchResult result = fixture.RunBatch(fixture.WriteCsv("a", "b", "a", "a"), "-SkipDuplicate").WithoutErrors();

        Assert.Equal(["a", "b"], result.Prompts);
        Assert.Equal(("Complete", 2), (result.State, result["Rows"]));
        Assert.Empty(result.Result.Warnings);
        Assert.Equal(2, fixture.Emulator.Journal.Accepted);
    }
}
