using System.Diagnostics;
using System.Runtime.Loader;
using FaceGen.Benchmarks.Hosting;

namespace FaceGen.Benchmarks.Workers;

/// <summary>Imports a module into a fresh engine.</summary>
internal static class ModuleImporter
{
    internal static ImportedModule Run(string module)
    {
        using PowerShellSession session = PowerShellSession.OpenBare();
        // What every first command of a session costs is no module's fault.
        session.Run("param($path) $null = Get-Command Import-Module", module);
        HashSet<string> before = [.. GetLoadedAssemblies()];
        long start = Stopwatch.GetTimestamp();
        session.Run("param($path) Import-Module $path -ErrorAction Stop", module);
        double milliseconds = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        return new ImportedModule(milliseconds, [.. GetLoadedAssemblies().Where(path => !before.Contains(path))]);
    }

    /// <summary>The assemblies of all load contexts that are neither the framework's nor the engine's.</summary>
    private static IEnumerable<string> GetLoadedAssemblies()
    {
        string framework = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        return AssemblyLoadContext.All.SelectMany(context => context.Assemblies)
            .Where(assembly => !assembly.IsDynamic && assembly.Location.Length > 0)
            .Select(assembly => assembly.Location)
            .Where(path => Path.GetDirectoryName(path) != framework && !path.StartsWith(AppContext.BaseDirectory, StringComparison.Ordinal));
    }
}

/// <param name="Milliseconds">How long the import took.</param>
/// <param name="Assemblies">The files of the assemblies that it loaded beside the framework's and the engine's.</param>
internal sealed record ImportedModule(double Milliseconds, IReadOnlyList<string> Assemblies);
