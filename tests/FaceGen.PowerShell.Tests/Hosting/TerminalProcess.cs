using System.Diagnostics;
using System.Text;

namespace FaceGen.PowerShell.Tests.Hosting;

/// <summary>A script in a process of its own, in a terminal of 60 columns and 30 lines or with its output redirected.</summary>
internal static class TerminalProcess
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(2);

    /// <summary>The environment variables that identify the terminal or the service.</summary>
    private static readonly string[] TerminalVariables =
    [
        "KITTY_WINDOW_ID", "TERM_PROGRAM", "LC_TERMINAL", "WT_SESSION", "KONSOLE_VERSION", "TMUX", "STY", "COLORTERM", "NO_COLOR",
        "MODELSLAB_API_KEY", "MODELSLAB_BASE_URL",
    ];

    /// <summary>The program that runs another one in a terminal.</summary>
    private const string ScriptProgram = "/usr/bin/script";

    internal static bool IsAvailable => OperatingSystem.IsLinux() && File.Exists(ScriptProgram);

    /// <summary>Runs a script in a terminal, and returns its output.</summary>
    internal static Task<string> RunAsync(string script, params string[] environment) =>
        RunAsync(ScriptProgram, ["-qefc", $"stty cols 60 rows 30 -onlcr; {string.Join(' ', Command(script).Prepend(Pwsh.Dotnet).Select(Quote))}", "/dev/null"], environment);

    /// <summary>Runs a script with redirected output, and returns it.</summary>
    internal static Task<string> RunRedirectedAsync(string script, params string[] environment) => RunAsync(Pwsh.Dotnet, Command(script), environment);

    private static string[] Command(string script) => [.. Pwsh.WithModule, "-File", script];

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
