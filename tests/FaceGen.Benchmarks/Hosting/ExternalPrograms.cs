namespace FaceGen.Benchmarks.Hosting;

/// <summary>Programs that may or may not be on this machine's path.</summary>
internal static class ExternalPrograms
{
    internal static string? PowerShell { get; } = Find("pwsh");

    internal static string? Curl { get; } = Find("curl");

    private static string? Find(string name) => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Select(folder => Path.Combine(folder, OperatingSystem.IsWindows() ? name + ".exe" : name))
        .FirstOrDefault(File.Exists);
}
