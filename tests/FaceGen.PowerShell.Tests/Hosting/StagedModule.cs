using System.Reflection;

namespace FaceGen.PowerShell.Tests.Hosting;

/// <summary>The staged module, and the build under test.</summary>
internal static class StagedModule
{
    internal static string Folder { get; } = Metadata("ModulePath");

    internal static string Framework { get; } = Metadata("ModuleFramework");

    /// <summary>Gets the path of the staged manifest.</summary>
    internal static string StagedManifest { get; } = Path.Combine(Folder, "FaceGen.psd1");

    /// <summary>Gets the path of the manifest that selects the build under test.</summary>
    internal static string Manifest { get; } = Framework == "net8.0" ? StagedManifest : WriteDesktopManifest();

    /// <summary>Writes a manifest that selects the build for Windows PowerShell.</summary>
    private static string WriteDesktopManifest()
    {
        string manifest = Path.Combine(Directory.CreateDirectory(Path.Combine(AppContext.BaseDirectory, "desktop")).FullName, "FaceGen.psd1");
        File.WriteAllText(manifest, File.ReadAllText(StagedManifest)
            .Replace("'FaceGen.psm1'", $"'{Folder}/bin/{Framework}/FaceGen.PowerShell.dll'", StringComparison.Ordinal)
            .Replace("@('FaceGen.", $"@('{Folder}/FaceGen.", StringComparison.Ordinal));
        return manifest;
    }

    private static string Metadata(string key) => typeof(StagedModule).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == key).Value!;
}
