using System.Diagnostics;
using System.Reflection;

namespace FaceGen.PowerShell.Tests.Hosting;

/// <summary>The real PowerShell that the repository's tool manifest names, which the .NET SDK brings.</summary>
internal static class Pwsh
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(5);

    private static readonly Lazy<(string? Dll, string? Hindrance)> Found = new(Find);

    /// <summary>Gets why there is none; null where there is one.</summary>
    internal static string? SkipReason => Found.Value.Hindrance;

    /// <summary>Gets the program's assembly, for the .NET host: the tool itself would be one more process.</summary>
    internal static string Dll => Found.Value.Dll ?? throw new InvalidOperationException(SkipReason);

    internal static string Dotnet => Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";

    private static (string? Dll, string? Hindrance) Find()
    {
        string root = Assembly.GetExecutingAssembly().GetCustomAttributes<AssemblyMetadataAttribute>().Single(data => data.Key == "Root").Value!;
        (int restored, string said) = Run(root, "tool", "restore");
        if (restored != 0) return (null, $"'dotnet tool restore' could not bring PowerShell: {said}");

        (int ran, string home) = Run(root, "tool", "run", "pwsh", "-NoProfile", "-NonInteractive", "-Command", "$PSHOME");
        string dll = Path.Combine(home.Trim(), "pwsh.dll");
        return ran == 0 && File.Exists(dll) ? (dll, null) : (null, $"'dotnet tool run pwsh' does not run: {home}");
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
