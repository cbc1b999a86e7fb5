using FaceGen.Benchmarks.Hosting;
using FaceGen.Benchmarks.Running;
using FaceGen.Benchmarks.Workers;

namespace FaceGen.Benchmarks.Benchmarks;

/// <summary>What importing costs above an empty binary module, each time in a fresh process; the two take turns.</summary>
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
            // The first brings the files into the system's cache.
            if (round < 0) continue;

            own.Add(one);
            others.Add(other);
        }

        IReadOnlyList<string> loaded = own[0].Assemblies, thirdParty = [.. loaded.Where(path => !Path.GetFileName(path).StartsWith("FaceGen.", StringComparison.Ordinal))];
        if (loaded.Count == 0 || others[0].Assemblies.Count != 1) throw new BenchmarkException($"A module was not loaded: {loaded.Count} and {others[0].Assemblies.Count} assemblies.");

        double time = own.Select(import => import.Milliseconds).Median(), emptyTime = others.Select(import => import.Milliseconds).Median();
        run.AddNote($"import: medians of {own.Count} fresh processes, with PowerShell's engine compiled beforehand as it is in pwsh.");
        return
        [
            new Row("Import-Module", TableFormat.Milliseconds(time), $"{TableFormat.Milliseconds(emptyTime)} (an empty binary module)",
                TableFormat.Invariant($"{time - emptyTime:+0;-0} ms"), $"≤ +{MaxMilliseconds} ms", time - emptyTime <= MaxMilliseconds),
            new Row("assemblies that it loads", string.Join(", ", loaded.Select(Path.GetFileNameWithoutExtension)), TableFormat.None, TableFormat.None,
                "none of a third party", thirdParty.Count == 0),
        ];
    }

    private static async Task<ImportedModule> ImportAsync(string manifest) =>
        Worker.Read<ImportedModule>(await ChildProcess.RunWorkerAsync(Worker.ImportModule, manifest));
}
