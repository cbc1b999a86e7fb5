namespace FaceGen.PowerShell.Loading;

/// <summary>Where the parts of the staged module lie.</summary>
internal static class ModuleFolder
{
    /// <summary>The folder of this build's assemblies: <c>bin/net8.0</c> or <c>bin/netstandard2.0</c>.</summary>
    internal static readonly string Build = Path.GetDirectoryName(typeof(ModuleFolder).Assembly.Location)!;

    /// <summary>FaceGen.Batches and the packages that only it uses.</summary>
    internal static readonly string Batches = Path.Combine(Build, "batches");

    /// <summary>What Windows PowerShell's framework lacks.</summary>
    internal static readonly string Dependencies = Path.Combine(Build, "dependencies");

#if !NETSTANDARD
    /// <summary>The native libraries for this machine.</summary>
    internal static readonly string Native =
        Path.GetFullPath(Path.Combine(Build, "..", "runtimes", System.Runtime.InteropServices.RuntimeInformation.RuntimeIdentifier, "native"));
#endif

    /// <summary>The emulator's program.</summary>
    internal static readonly string Emulator = Path.GetFullPath(Path.Combine(Build, "..", "..", "emulator", "FaceGen.Emulator.dll"));
}
