using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests.Reliability;

/// <summary>A batch in a container with a read-only file system: only its destination is writable.</summary>
public sealed class TemporaryFolderTests
{
    [Fact]
    public async Task Batch_without_temporary_folder_completes()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no temporary folder that cannot be written.");
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        string script = Path.Combine(fixture.Folder, "batch.ps1");
        await File.WriteAllTextAsync(script,
            """
            param($csv, $out)
            $env:TMPDIR = '/proc/1/nowhere'
            "$(Invoke-FaceGenBatch $csv -Destination $out -SummaryOnly)"
            """);
        string csv = fixture.WriteCsv("a", "b");

        using BatchProcess batch = BatchProcess.StartScript(fixture.Emulator, script, csv, fixture.OutputFolder);
        string output = await batch.WaitForExitAsync();

        Assert.Contains("Complete: 2 of 2 saved", output, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(fixture.OutputFolder, "*.tmp"));
    }
}
