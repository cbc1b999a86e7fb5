#if !NETSTANDARD
using System.Runtime.InteropServices;
#endif

namespace FaceGen.PowerShell.Loading;

/// <summary>The folders of the staged module.</summary>
internal static class ModuleFolder
{
    /// <summary>The folder of this build: <c>bin/net8.0</c> or <c>bin/netstandard2.0</c>.</summary>
    internal static readonly string Root = Path.GetDirectoryName(typeof(ModuleFolder).Assembly.Location)!;

    /// <summary>The folder of FaceGen.Batches and its packages.</summary>
    internal static readonly string Batches = Path.Combine(Root, "batches");

    /// <summary>The folder of the assemblies that .NET Framework lacks.</summary>
    internal static readonly string Dependencies = Path.Combine(Root, "dependencies");

#if !NETSTANDARD
    /// <summary>
    /// Gets the folders of native libraries for this machine, the most likely first. A runtime that a Linux distribution built
    /// has the distribution's name as its identifier.
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

    /// <summary>The path of the emulator.</summary>
    internal static readonly string EmulatorAssembly = Path.GetFullPath(Path.Combine(Root, "..", "..", "emulator", "FaceGen.Emulator.dll"));
}
