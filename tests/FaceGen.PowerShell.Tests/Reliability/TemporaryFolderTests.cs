using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests.Reliability;

/// <summary>A batch in a container whose file system is read-only: its destination is the only folder that can be written.</summary>
public sealed class TemporaryFolderTests
{
    [Fact]
    public async Task Batch_without_temporary_folder_completes()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "It has no folder that nobody can write.");
        await using SessionFixture bed = await SessionFixture.StartAsync();
        string script = Path.Combine(bed.Folder, "batch.ps1");
        await File.WriteAllTextAsync(script,
            """
            param($csv, $out)
            $env:TMPDIR = '/proc/1/nowhere'
            Invoke-FaceGenBatch $csv -Destination $out | ForEach-Object { $last = $_ }
            "$last"
            """);
        string csv = bed.WriteCsv("a", "b");

        using BatchProcess batch = BatchProcess.StartScript(bed.Emulator, script, csv, bed.OutputFolder);
        string said = await batch.WaitForExitAsync();

        Assert.Contains("Complete: 2 of 2 saved", said, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(bed.OutputFolder, "*.tmp"));
    }
}
