using System.Diagnostics;
using System.Reflection;

namespace FaceGen.PowerShell.Tests.Hosting;

/// <summary>The PowerShell of the repository's tool manifest.</summary>
internal static class Pwsh
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(5);

    private static readonly Lazy<(string? Dll, string? SkipReason)> Found = new(Find);

    /// <summary>Gets why PowerShell cannot be started here; null if it can.</summary>
    internal static string? SkipReason => Found.Value.SkipReason;

    /// <summary>Gets the path of pwsh.dll. The tool itself would be an additional process.</summary>
    internal static string Dll => Found.Value.Dll ?? throw new InvalidOperationException(SkipReason);

    internal static string Dotnet => Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";

    private static (string? Dll, string? SkipReason) Find()
    {
        string root = Assembly.GetExecutingAssembly().GetCustomAttributes<AssemblyMetadataAttribute>().Single(data => data.Key == "Root").Value!;
        (int restoreExitCode, string output) = Run(root, "tool", "restore");
        if (restoreExitCode != 0) return (null, $"'dotnet tool restore' did not restore PowerShell: {output}");

        (int exitCode, string home) = Run(root, "tool", "run", "pwsh", "-NoProfile", "-NonInteractive", "-Command", "$PSHOME");
        string dll = Path.Combine(home.Trim(), "pwsh.dll");
        return exitCode == 0 && File.Exists(dll) ? (dll, null) : (null, $"'dotnet tool run pwsh' does not run: {home}");
    }

    private static (int ExitCode, string Output) Run(string folder, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(Dotnet, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["NO_COLOR"] = "1", ["TERM"] = "dumb" },
        })!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        if (!process.WaitForExit(Timeout)) process.Kill(entireProcessTree: true);
        return (process.ExitCode, output + error.GetAwaiter().GetResult());
    }
}
