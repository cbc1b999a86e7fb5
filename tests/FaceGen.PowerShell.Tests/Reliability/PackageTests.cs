using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.InteropServices;
using FaceGen.PowerShell.Tests.Hosting;
using FaceGen.Tests.Shared;

namespace FaceGen.PowerShell.Tests.Reliability;

/// <summary>When the module loads its packages. Each test has its own process, because assemblies stay loaded.</summary>
public sealed class PackageTests
{
    private static readonly string[] Packages =
        [.. Directory.GetFiles(Path.Combine(StagedModule.Folder, "bin", StagedModule.Framework, "batches"), "*.dll")
            .Select(Path.GetFileNameWithoutExtension).Order(StringComparer.Ordinal)!];

    [Fact]
    public async Task Import_loads_no_package()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        string script = fixture.Write("import.ps1", """
            Get-FaceGenConnection
            Connect-FaceGen
            (Get-Command -Module FaceGen).Count
            [AppDomain]::CurrentDomain.GetAssemblies() | ForEach-Object { $_.GetName().Name }
            """);

        using BatchProcess process = BatchProcess.StartScript(fixture.Emulator, script);
        string[] loaded = (await process.WaitForExitAsync()).Split('\n', StringSplitOptions.TrimEntries);

        Assert.Contains("FaceGen.PowerShell", loaded);
        Assert.Contains("Npgsql", Packages);
        Assert.Empty(loaded.Intersect(Packages));
    }

    [Fact]
    public async Task Sqlite_ledger_other_package_versions_loaded_works()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        await AssertUnaffectedByOtherVersionsAsync(fixture, Path.Combine(fixture.Folder, "facegen.ledger"), "Microsoft.Data.Sqlite");
    }

    [Fact]
    public async Task PostgreSQL_ledger_other_package_versions_loaded_works()
    {
        if (PostgresServer.SkipReason is { } reason) Assert.Skip(reason);
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        await AssertUnaffectedByOtherVersionsAsync(fixture, PostgresServer.Instance.GetConnectionString("packages"), "Npgsql");
    }

    /// <summary>A copy of the module without the libraries for this platform, and one whose library is damaged or of another platform.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Sqlite_native_library_does_not_load_is_an_error_that_names_the_platform(bool isDamaged)
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        string module = CopyWithoutLibraries(Path.Combine(fixture.Folder, "FaceGen"));
        (string system, string file) = OperatingSystem.IsWindows() ? ("win", "e_sqlite3.dll") : OperatingSystem.IsMacOS() ? ("osx", "libe_sqlite3.dylib") : ("linux", "libe_sqlite3.so");
        string platform = $"{system}-{RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}";
        string library = Path.Combine(module, "bin", "runtimes", platform, "native", file);
        if (isDamaged)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(library)!);
            await File.WriteAllTextAsync(library, "not a library");
        }

        string script = fixture.Write("batch.ps1", """
            param($manifest, $csv, $out)
            Import-Module $manifest
            try { Invoke-FaceGenBatch $csv -Destination $out } catch { $_.FullyQualifiedErrorId; $_.Exception.Message }
            """);
        using BatchProcess process = BatchProcess.StartPwsh(
            fixture.Emulator, [.. Pwsh.Bare, "-File", script, Path.Combine(module, "FaceGen.psd1"), fixture.WriteCsv("a"), fixture.OutputFolder]);
        string output = await process.WaitForExitAsync();

        Assert.StartsWith("LedgerUnreachable,", output, StringComparison.Ordinal);
        Assert.Contains($"because SQLite does not load on {platform}: ", output, StringComparison.Ordinal);
        Assert.Contains(library, output, StringComparison.Ordinal);
        Assert.Equal(!isDamaged, output.Contains($"'{library}' is missing. Nothing was sent.", StringComparison.Ordinal));
        Assert.Empty(fixture.Emulator.Journal.Entries);
    }

    /// <summary>Copies the staged module without native libraries and the emulator.</summary>
    private static string CopyWithoutLibraries(string folder)
    {
        foreach (string file in Directory.EnumerateFiles(StagedModule.Folder, "*", SearchOption.AllDirectories))
        {
            string path = Path.GetRelativePath(StagedModule.Folder, file);
            if (path.StartsWith("emulator", StringComparison.Ordinal) || path.StartsWith(Path.Combine("bin", "runtimes"), StringComparison.Ordinal)) continue;

            string copy = Path.Combine(folder, path);
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }

        return folder;
    }

    private static async Task AssertUnaffectedByOtherVersionsAsync(SessionFixture fixture, string ledger, string package)
    {
        string others = Directory.CreateDirectory(Path.Combine(fixture.Folder, "others")).FullName;
        foreach (string name in Packages.Where(name => name != "FaceGen.Batches")) SaveEmptyAssembly(name, Path.Combine(others, $"{name}.dll"));
        string script = fixture.Write("batch.ps1", """
            param($others, $csv, $out, $ledger, $package)
            foreach ($file in [IO.Directory]::GetFiles($others)) { $null = [Reflection.Assembly]::LoadFrom($file) }
            "$(Invoke-FaceGenBatch $csv -Destination $out -Ledger $ledger -SummaryOnly)"
            "$(Get-FaceGenBatch -Ledger $ledger)"
            [AppDomain]::CurrentDomain.GetAssemblies() | Where-Object { $_.GetName().Name -eq $package } |
                ForEach-Object { "version $($_.GetName().Version)" }
            """);

        using BatchProcess process = BatchProcess.StartScript(fixture.Emulator, script, others, fixture.WriteCsv("a", "b"), fixture.OutputFolder, ledger, package);
        string[] lines = (await process.WaitForExitAsync()).Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal(2, lines.Count(line => line.StartsWith("Complete: 2 of 2 saved", StringComparison.Ordinal)));
        // Both versions are loaded.
        Assert.Contains("version 0.1.0.0", lines);
        Assert.Equal(2, lines.Count(line => line.StartsWith("version ", StringComparison.Ordinal)));
    }

    /// <summary>Saves an empty assembly with a package's name and another version.</summary>
    private static void SaveEmptyAssembly(string name, string path)
    {
        var assembly = new PersistedAssemblyBuilder(new AssemblyName(name) { Version = new Version(0, 1, 0, 0) }, typeof(object).Assembly);
        assembly.DefineDynamicModule(name).DefineType("Other", TypeAttributes.Public).CreateType();
        assembly.Save(path);
    }
}
