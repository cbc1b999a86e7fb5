using System.Reflection;

namespace FaceGen.Benchmarks.Hosting;

/// <summary>The module as the build stages it.</summary>
internal static class StagedModule
{
    internal static string Manifest { get; } = Path.Combine(
        typeof(StagedModule).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(data => data.Key == "ModulePath").Value!, "FaceGen.psd1");
}
