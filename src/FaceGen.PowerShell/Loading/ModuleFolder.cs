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

    /// <summary>The path of the emulator.</summary>
    internal static readonly string EmulatorAssembly = Path.GetFullPath(Path.Combine(Root, "..", "..", "emulator", "FaceGen.Emulator.dll"));
}
