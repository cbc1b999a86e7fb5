using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests.Commands;

/// <summary>Rows of an input that ask for the same as another row.</summary>
public sealed class BatchDuplicateTests
{
    [Fact]
    public async Task Duplicates_are_warned_about_and_each_is_paid_for()
    {
        await using TestBed bed = await TestBed.StartAsync();
        string csv = bed.WriteCsv("a", "b", "a", "a");

        Ran plan = bed.Run("param($csv, $out) Invoke-FaceGenBatch $csv -Destination $out -WhatIf", csv, bed.Out).WithoutErrors();
        Assert.Empty(bed.Emulator.Journal.Entries);
        Ran ran = bed.Run("param($csv, $out) Invoke-FaceGenBatch $csv -Destination $out", csv, bed.Out).WithoutErrors();

        string warning = Assert.Single(plan.Warnings);
        Assert.StartsWith("2 rows of the input repeat another row: people.csv:4 asks for the same as people.csv:2. Each of them is paid for.", warning, StringComparison.Ordinal);
        Assert.Contains("-SkipDuplicate", warning, StringComparison.Ordinal);
        Assert.Equal([warning], ran.Warnings);
        Assert.Equal(4, bed.Emulator.Journal.Accepted);
        Assert.Empty(bed.Run("param($csv, $out) Invoke-FaceGenBatch $csv -Destination $out", csv, bed.Out).WithoutErrors().Warnings);
        Assert.Equal(4, bed.Emulator.Journal.Accepted);
    }

    [Fact]
    public async Task Duplicates_are_left_out_on_request()
    {
        await using TestBed bed = await TestBed.StartAsync();

        BatchRan ran = bed.RunBatch(bed.WriteCsv("a", "b", "a", "a"), "-SkipDuplicate").WithoutErrors();

        Assert.Equal(["a", "b"], ran.Prompts);
        Assert.Equal(("Complete", 2), (ran.State, ran["Rows"]));
        Assert.Empty(ran.Ran.Warnings);
        Assert.Equal(2, bed.Emulator.Journal.Accepted);
    }
}
