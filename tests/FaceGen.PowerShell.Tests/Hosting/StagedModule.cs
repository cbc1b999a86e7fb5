using System.Reflection;

namespace FaceGen.PowerShell.Tests.Hosting;

/// <summary>The staged module, and which of its two builds these tests are about.</summary>
internal static class StagedModule
{
    internal static string Folder { get; } = Metadata("ModulePath");

    internal static string Framework { get; } = Metadata("ModuleFramework");

    internal static string Manifest { get; } = Path.Combine(Folder, "FaceGen.psd1");

    private static string Metadata(string key) => typeof(StagedModule).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == key).Value!;
}
