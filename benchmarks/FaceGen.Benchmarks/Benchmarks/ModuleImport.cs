using System.Management.Automation;
using System.Reflection;
using System.Reflection.Emit;
using FaceGen.Benchmarks.Hosting;
using FaceGen.Benchmarks.Running;
using FaceGen.Benchmarks.Workers;

namespace FaceGen.Benchmarks.Benchmarks;

/// <summary>
/// Measures the cost of the import beyond that of an empty binary module, each time in a new process. They alternate.
/// </summary>
internal sealed class ModuleImport : Benchmark
{
    private const double MaxMilliseconds = 40;

    internal override string Name => "import";

    internal override string Summary => "Import-Module against an empty binary module";

    internal override async Task<IReadOnlyList<Row>> RunAsync(BenchmarkRun run)
    {
        string empty = EmptyModule.Write(run.NewFolder());
        List<ImportedModule> own = [], others = [];
        for (int round = -run.Choose(1, 0); round < run.Choose(20, 2); round++)
        {
            ImportedModule one = await ImportAsync(StagedModule.Manifest), other = await ImportAsync(empty);
            // The first import fills the system's file cache.
            if (round < 0) continue;

            own.Add(one);
            others.Add(other);
        }

        IReadOnlyList<string> loaded = own[0].Assemblies, thirdParty = [.. loaded.Where(path => !Path.GetFileName(path).StartsWith("FaceGen.", StringComparison.Ordinal))];
        if (loaded.Count == 0 || others[0].Assemblies.Count != 1) throw new BenchmarkException($"A module was not loaded: {loaded.Count} and {others[0].Assemblies.Count} assemblies.");

        double time = own.Select(import => import.Milliseconds).Median(), emptyTime = others.Select(import => import.Milliseconds).Median();
        run.AddNote($"import: medians of {own.Count} new processes, with PowerShell's engine precompiled as in an installed pwsh (in a release build).");
        return
        [
            new Row("Import-Module", TableFormat.Milliseconds(time), $"{TableFormat.Milliseconds(emptyTime)} (an empty binary module)",
                TableFormat.Invariant($"{time - emptyTime:+0;-0} ms"), $"≤ +{MaxMilliseconds} ms", time - emptyTime <= MaxMilliseconds),
            new Row("assemblies that it loads", string.Join(", ", loaded.Select(Path.GetFileNameWithoutExtension)), TableFormat.None, TableFormat.None,
                "no third-party assembly", thirdParty.Count == 0),
        ];
    }

    private static async Task<ImportedModule> ImportAsync(string manifest) =>
        Worker.Read<ImportedModule>(await ChildProcess.RunWorkerAsync(Worker.ImportModule, manifest));
}

/// <summary>The smallest binary module: a manifest and an assembly with one empty cmdlet.</summary>
internal static class EmptyModule
{
    /// <summary>Writes the module into a folder and returns the path of its manifest.</summary>
    internal static string Write(string folder)
    {
        var assembly = new PersistedAssemblyBuilder(new AssemblyName("Empty"), typeof(object).Assembly);
        TypeBuilder command = assembly.DefineDynamicModule("Empty").DefineType("GetNothingCommand", TypeAttributes.Public | TypeAttributes.Sealed, typeof(PSCmdlet));
        command.SetCustomAttribute(new CustomAttributeBuilder(
            typeof(CmdletAttribute).GetConstructor([typeof(string), typeof(string)])!, [VerbsCommon.Get, "Nothing"]));
        command.CreateType();
        assembly.Save(Path.Combine(folder, "Empty.dll"));

        string manifest = Path.Combine(folder, "Empty.psd1");
        File.WriteAllText(manifest, "@{ RootModule = 'Empty.dll'; ModuleVersion = '1.0'; FunctionsToExport = @(); CmdletsToExport = @('Get-Nothing') }");
        return manifest;
    }
}
