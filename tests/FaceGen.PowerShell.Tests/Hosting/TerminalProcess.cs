using System.Diagnostics;
using System.Reflection;
using System.Text;

namespace FaceGen.PowerShell.Tests.Hosting;

/// <summary>A script in a process of its own, in a terminal of 60 columns and 30 lines or with its output redirected.</summary>
internal static class TerminalProcess
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(2);

    private static readonly string Console =
        Assembly.GetExecutingAssembly().GetCustomAttributes<AssemblyMetadataAttribute>().Single(data => data.Key == "Console").Value!;

    /// <summary>What says in the environment which terminal it is, or where the service is.</summary>
    private static readonly string[] TerminalVariables =
    [
        "KITTY_WINDOW_ID", "TERM_PROGRAM", "LC_TERMINAL", "WT_SESSION", "KONSOLE_VERSION", "TMUX", "STY", "COLORTERM", "NO_COLOR",
        "MODELSLAB_API_KEY", "MODELSLAB_BASE_URL",
    ];

    /// <summary>The program that gives another one a terminal.</summary>
    private const string ScriptProgram = "/usr/bin/script";

    internal static bool IsAvailable => OperatingSystem.IsLinux() && File.Exists(ScriptProgram);

    /// <summary>Runs a script in a terminal; what the terminal was sent.</summary>
    internal static Task<string> RunAsync(string script, params string[] environment) =>
        RunAsync(ScriptProgram, ["-qefc", $"stty cols 60 rows 30 -onlcr; {Quote(Dotnet)} {Quote(Console)} {Quote(script)}", "/dev/null"], environment);

    /// <summary>Runs a script whose output goes to no terminal; what came out.</summary>
    internal static Task<string> RunRedirectedAsync(string script, params string[] environment) => RunAsync(Dotnet, [Console, script], environment);

    private static string Dotnet => Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";

    private static async Task<string> RunAsync(string program, string[] arguments, string[] environment)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
        };
        foreach (string name in TerminalVariables) start.Environment.Remove(name);
        start.Environment["TERM"] = "xterm-256color";
        foreach (string[] pair in environment.Select(variable => variable.Split('=', 2))) start.Environment[pair[0]] = pair[1];
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        process.StandardInput.Close();
        try
        {
            await process.WaitForExitAsync().WaitAsync(Timeout);
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }

        return await output + await error;
    }

    private static string Quote(string text) => $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
