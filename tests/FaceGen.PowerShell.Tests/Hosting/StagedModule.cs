using System.Reflection;

namespace FaceGen.PowerShell.Tests.Hosting;

/// <summary>The staged module, and which of its two builds these tests are about.</summary>
internal static class StagedModule
{
    internal static string Folder { get; } = Metadata("ModulePath");

    internal static string Framework { get; } = Metadata("ModuleFramework");

    /// <summary>The manifest as it is staged.</summary>
    internal static string StagedManifest { get; } = Path.Combine(Folder, "FaceGen.psd1");

    /// <summary>The manifest that chooses the build under test.</summary>
    internal static string Manifest { get; } = Framework == "net8.0" ? StagedManifest : WriteDesktopManifest();

    /// <summary>The manifest as Windows PowerShell reads it: this engine would choose the other build.</summary>
    private static string WriteDesktopManifest()
    {
        string manifest = Path.Combine(Directory.CreateDirectory(Path.Combine(AppContext.BaseDirectory, "desktop")).FullName, "FaceGen.psd1");
        File.WriteAllText(manifest, File.ReadAllText(StagedManifest)
            .Replace("$PSEdition -eq 'Core'", "$false", StringComparison.Ordinal)
            .Replace("'bin/", $"'{Folder}/bin/", StringComparison.Ordinal)
            .Replace("@('FaceGen.", $"@('{Folder}/FaceGen.", StringComparison.Ordinal));
        return manifest;
    }

    private static string Metadata(string key) => typeof(StagedModule).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == key).Value!;
}
