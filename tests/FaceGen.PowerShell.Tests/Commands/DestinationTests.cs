using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests.Commands;

/// <summary>A folder that cannot be written is an error before anything is paid for. No user can write to /proc.</summary>
public sealed class DestinationTests
{
    private const string Unwritable = "/proc/facegen-out";

    [Fact]
    public async Task Save_unwritable_folder_ends_the_pipeline_before_it_submits()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux has a folder that no user can write.");
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run("param($face, $out) 1..5 | ForEach-Object { 'a pilot' } | New-FaceGenImage -FaceImage $face | Save-FaceGenOutput $out", fixture.Face, Unwritable);

        Assert.StartsWith("FileNotWritten,", result.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("Nothing was sent or saved.", result.Error.ToString(), StringComparison.Ordinal);
        Assert.Empty(fixture.Emulator.Journal.Entries);
    }

    [Fact]
    public async Task Save_WhatIf_does_not_probe_the_folder()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux has a folder that no user can write.");
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        fixture.Run("param($face, $out) New-FaceGenImage p $face | Save-FaceGenOutput $out -WhatIf", fixture.Face, Unwritable).WithoutErrors();
    }

    [Fact]
    public async Task Batch_unwritable_folder_sends_nothing()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux has a folder that no user can write.");
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        string rows = fixture.Write("people.csv", $"prompt,face_image\na,{fixture.Face}\nb,{fixture.Face}\n");

        ScriptResult result = fixture.Run("param($rows, $out, $ledger) Invoke-FaceGenBatch $rows -Destination $out -Ledger $ledger; (Get-FaceGenBatch -Ledger $ledger).Pending",
            rows, Unwritable, Path.Combine(fixture.Folder, "x.ledger"));

        Assert.Contains(result.Errors, error => error.FullyQualifiedErrorId.StartsWith("FileNotWritten,", StringComparison.Ordinal));
        Assert.Empty(fixture.Emulator.Journal.Entries);
    }

    [Fact]
    public async Task Save_folder_fails_during_run_ends_the_pipeline()
    {
        // One at a time: twenty generations take six seconds, and the pipeline ends at the first image.
        await using SessionFixture fixture = await SessionFixture.StartAsync(queueLimit: 1, serviceSeconds: 0.3);

        ScriptResult result = fixture.Run("""
            param($face, $out)
            [void][IO.Directory]::CreateDirectory($out)
            1..30 | ForEach-Object { 'a pilot' } | New-FaceGenImage -FaceImage $face |
                ForEach-Object { if ([IO.Directory]::Exists($out)) { [IO.Directory]::Delete($out, $true); [IO.File]::WriteAllText($out, 'in the way') }; $_ } |
                Save-FaceGenOutput $out
            """, fixture.Face, fixture.OutputFolder);

        Assert.StartsWith("FileNotWritten,", result.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("Nothing more is submitted", result.Error.ToString(), StringComparison.Ordinal);
        Assert.InRange(fixture.Emulator.Journal.Entries.Count(entry => entry.Path.EndsWith("/face_gen", StringComparison.Ordinal)), 1, 20);
    }
}
