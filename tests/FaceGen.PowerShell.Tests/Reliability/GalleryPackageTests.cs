using System.Diagnostics;
using System.IO.Compression;
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Xml.Linq;
using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests.Reliability;

/// <summary>The packages for a gallery: the module, and the emulator as a tool.</summary>
public sealed class GalleryPackageTests(GalleryPackageTests.ModulePackage packed) : IClassFixture<GalleryPackageTests.ModulePackage>, IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("facegen-package-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Package_contains_staged_files_and_works_unpacked()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        using ZipArchive package = ZipFile.OpenRead(packed.Module);
        string module = Path.Combine(_folder, "Modules", "FaceGen", "0.1.0");
        package.ExtractToDirectory(module);

        string[] staged = [.. Directory.GetFiles(StagedModule.Folder, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(StagedModule.Folder, file))];
        Assert.Empty(staged.Except(package.Entries.Select(entry => entry.FullName)));
        // Every NuGet package has these files, too.
        Assert.All(package.Entries.Select(entry => entry.FullName).Except(staged), file => Assert.True(
            file is "FaceGen.nuspec" or "[Content_Types].xml" || file.StartsWith("_rels/", StringComparison.Ordinal) || file.StartsWith("package/", StringComparison.Ordinal), file));

        string script = fixture.Write("use.ps1", """
            param($module, $face, $out)
            Import-Module $module
            (Get-Module FaceGen).ModuleBase
            New-FaceGenImage p $face -Width 32 | Save-FaceGenOutput $out | ForEach-Object FullName
            """);
        using BatchProcess process = BatchProcess.StartPwsh(fixture.Emulator, [.. Pwsh.Bare, "-File", script, Path.Combine(module, "FaceGen.psd1"), fixture.Face, fixture.OutputFolder]);
        string[] lines = (await process.WaitForExitAsync()).Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal([module, Assert.Single(Directory.GetFiles(fixture.OutputFolder))], lines);
    }

    [Fact]
    public void Package_contains_sqlite_for_every_system_and_license()
    {
        using ZipArchive package = ZipFile.OpenRead(packed.Module);
        string[] natives = [.. package.Entries.Select(entry => entry.FullName.Split('/')).Where(parts => parts is ["bin", "runtimes", _, "native", _]).Select(parts => parts[2])];

        Assert.Equal(
            ["linux-arm", "linux-arm64", "linux-musl-arm64", "linux-musl-x64", "linux-x64", "osx-arm64", "osx-x64", "win-arm64", "win-x64", "win-x86"],
            natives.Order(StringComparer.Ordinal));
        Assert.NotNull(package.GetEntry("LICENSE"));
    }

    /// <summary>The engine of the tests has many of these assemblies itself, so that no other test fails without them.</summary>
    [Fact]
    public void Package_contains_assemblies_missing_in_Windows_PowerShell()
    {
        string[] assemblies = Directory.GetFiles(Path.Combine(StagedModule.Folder, "bin", "netstandard2.0"), "*.dll", SearchOption.AllDirectories);
        IEnumerable<string> References(string file)
        {
            using var image = new PEReader(File.OpenRead(file));
            MetadataReader reader = image.GetMetadataReader();
            return [.. reader.AssemblyReferences.Select(reference => reader.GetString(reader.GetAssemblyReference(reference).Name))];
        }

        Assert.Equal(
            ["netstandard", "System.Management.Automation"],
            assemblies.SelectMany(References).Except(assemblies.Select(Path.GetFileNameWithoutExtension)!).Order());
    }

    [Fact]
    public async Task Package_metadata_matches_the_manifest()
    {
        using ZipArchive package = ZipFile.OpenRead(packed.Module);
        await using Stream nuspec = await package.GetEntry("FaceGen.nuspec")!.OpenAsync();
        XElement metadata = (await XDocument.LoadAsync(nuspec, LoadOptions.None, CancellationToken.None)).Root!.Elements().First();
        string Value(string name) => metadata.Elements().Single(element => element.Name.LocalName == name).Value;

        using var session = new Session();
        ScriptResult result = session.Run("""
            $module = Get-Module FaceGen
            $data = $module.PrivateData.PSData
            "$($module.Version)-$($data.Prerelease)", $module.Description, $data.ProjectUri, $data.ReleaseNotes, $module.Author
            $data.Tags
            $module.ExportedCmdlets.Keys
            """).WithoutErrors();
        string[] manifest = [.. result.Output.Select(item => item.ToString())];
        string[] cmdlets = [.. manifest.Skip(5).Where(text => text.Contains('-', StringComparison.Ordinal))];

        Assert.Equal<IEnumerable<string>>(manifest[..5], [Value("version"), Value("description"), Value("projectUrl"), Value("releaseNotes"), Value("authors")]);
        Assert.Equal("MIT", Value("license"));
        string[] tags = Value("tags").Split(' ');
        Assert.Empty(manifest.Skip(5).Except(cmdlets).Except(tags));
        Assert.Equal(cmdlets.Order(), tags.Where(tag => tag.StartsWith("PSCmdlet_", StringComparison.Ordinal)).Select(tag => tag["PSCmdlet_".Length..]).Order());
        Assert.Contains("PSModule", tags);
        Assert.All("PSEdition_Desktop PSEdition_Core Windows Linux MacOS".Split(' '), tag => Assert.Contains(tag, tags));
    }

    [Fact]
    public async Task Emulator_package_installs_as_a_tool()
    {
        await PackAsync("FaceGen.Emulator", _folder);
        string tools = Path.Combine(_folder, "tools");

        await RunAsync("dotnet", "tool", "install", "FaceGen.Emulator", "--version", "0.1.0-preview1", "--source", _folder, "--tool-path", tools);

        Assert.Contains("--service-time", await RunAsync(Path.Combine(tools, OperatingSystem.IsWindows() ? "facegen-emulator.exe" : "facegen-emulator"), "--help"), StringComparison.Ordinal);
    }

    /// <summary>Packs the built project.</summary>
    private static Task<string> PackAsync(string project, string folder) => RunAsync(
        "dotnet", "pack", Path.Combine(Metadata("Root"), "src", project), "--no-build", "--configuration", Metadata("Configuration"), "--output", folder, "--nologo");

    private static async Task<string> RunAsync(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        string error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, await output + error);
        return await output;
    }

    private static string Metadata(string name) => Assembly.GetExecutingAssembly()
        .GetCustomAttributes<AssemblyMetadataAttribute>().Single(data => data.Key == name).Value!;

    /// <summary>The module's package, created once.</summary>
    public sealed class ModulePackage : IAsyncLifetime
    {
        private readonly string _folder = Directory.CreateTempSubdirectory("facegen-packed-").FullName;

        internal string Module => Path.Combine(_folder, "FaceGen.0.1.0-preview1.nupkg");

        public async ValueTask InitializeAsync() => await PackAsync("FaceGen.Module", _folder);

        public ValueTask DisposeAsync()
        {
            Directory.Delete(_folder, recursive: true);
            return ValueTask.CompletedTask;
        }
    }
}
