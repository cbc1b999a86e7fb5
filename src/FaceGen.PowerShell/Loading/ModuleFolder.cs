#if !NETSTANDARD
using System.Runtime.InteropServices;
#endif

namespace FaceGen.PowerShell.Loading;

/// <summary>Where the parts of the staged module lie.</summary>
internal static class ModuleFolder
{
    /// <summary>The folder of this build's assemblies: <c>bin/net8.0</c> or <c>bin/netstandard2.0</c>.</summary>
    internal static readonly string Root = Path.GetDirectoryName(typeof(ModuleFolder).Assembly.Location)!;

    /// <summary>FaceGen.Batches and the packages that only it uses.</summary>
    internal static readonly string Batches = Path.Combine(Root, "batches");

    /// <summary>What Windows PowerShell's framework lacks.</summary>
    internal static readonly string Dependencies = Path.Combine(Root, "dependencies");

#if !NETSTANDARD
    /// <summary>
    /// Where native libraries for this machine may lie, the likeliest first. A runtime that a distribution has built calls
    /// the system by the distribution's name, and of Linux there are two kinds.
    /// </summary>
    internal static IEnumerable<string> NativeLibraryFolders
    {
        get
        {
            string architecture = RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant();
            string[] systems = OperatingSystem.IsWindows() ? ["win"] : OperatingSystem.IsMacOS() ? ["osx"] : ["linux", "linux-musl"];
            return systems.Select(system => $"{system}-{architecture}").Prepend(RuntimeInformation.RuntimeIdentifier)
                .Select(identifier => Path.GetFullPath(Path.Combine(Root, "..", "runtimes", identifier, "native"))).Where(Directory.Exists);
        }
    }
#endif

    /// <summary>The emulator's program.</summary>
    internal static readonly string EmulatorAssembly = Path.GetFullPath(Path.Combine(Root, "..", "..", "emulator", "FaceGen.Emulator.dll"));
}
