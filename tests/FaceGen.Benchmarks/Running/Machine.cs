using System.Management.Automation;
using System.Reflection;
using System.Runtime.InteropServices;

namespace FaceGen.Benchmarks.Running;

/// <summary>What the figures were measured on.</summary>
internal static class Machine
{
    private const double Gigabyte = 1 << 30;

    internal static string EngineVersion { get; } =
        typeof(PSObject).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split(' ', '+')[0];

    internal static string Describe()
    {
        double memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / Gigabyte;
        return TableFormat.Invariant($"{Environment.ProcessorCount} cores, {memory:0} GiB of memory, {RuntimeInformation.OSDescription} ({RuntimeInformation.OSArchitecture}), {RuntimeInformation.FrameworkDescription}, PowerShell's engine {EngineVersion}");
    }
}
