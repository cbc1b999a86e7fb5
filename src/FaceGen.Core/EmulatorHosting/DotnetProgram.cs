using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace FaceGen.EmulatorHosting;

/// <summary>
/// Finds the program <c>dotnet</c> by an absolute path. With a bare name, the current folder or a relative entry of PATH could
/// provide the program that is started.
/// </summary>
internal sealed class DotnetProgram
{
    /// <summary>The first version of the ASP.NET Core runtime that the emulator runs on.</summary>
    internal const int RuntimeVersion = 10;

    private static readonly bool IsWindows = RuntimeInformation.IsOSPlatform(OSPlatform.Windows);

    /// <summary>The file name of the program on this system.</summary>
    internal static readonly string FileName = IsWindows ? "dotnet.exe" : "dotnet";

    /// <summary>Gets the function that returns an environment variable; null if it is not set.</summary>
    internal required Func<string, string?> GetVariable { get; init; }

    /// <summary>Gets the path of this process's program; null if it is unknown.</summary>
    internal string? ProcessPath { get; init; }

    /// <summary>Gets the folder of this process's framework.</summary>
    internal string RuntimeFolder { get; init; } = "";

    /// <summary>Gets the folders that installers use.</summary>
    internal IReadOnlyList<string> DefaultFolders { get; init; } = [];

    /// <summary>Returns the absolute path of the program for this process.</summary>
    /// <exception cref="FaceGenException">The program was not found; the message lists the paths that were searched.</exception>
    internal static string Find() => new DotnetProgram
    {
        GetVariable = Environment.GetEnvironmentVariable,
        ProcessPath = GetProcessPath(),
        RuntimeFolder = RuntimeEnvironment.GetRuntimeDirectory(),
        DefaultFolders = GetDefaultFolders(),
    }.Locate();

    /// <summary>
    /// Returns the first candidate with the runtime beside it; otherwise the first that exists, because a launcher of the program
    /// has no runtime beside it, and the program itself reports a missing one.
    /// </summary>
    /// <exception cref="FaceGenException">No candidate exists.</exception>
    internal string Locate()
    {
        string[] candidates = [.. GetCandidates().Where(IsAbsolute).Distinct(StringComparer.Ordinal)];
        string[] programs = [.. candidates.Where(File.Exists)];
        return programs.FirstOrDefault(HasRuntime) ?? programs.FirstOrDefault()
            ?? throw new FaceGenException(ErrorCode.EmulatorFailed,
                $"The emulator needs the ASP.NET Core runtime {RuntimeVersion}, and '{FileName}' was not found. No emulator was started. "
                + "Install the runtime from https://dot.net, or set DOTNET_ROOT to the full path of the folder that it is in. "
                + $"Searched, besides DOTNET_HOST_PATH and DOTNET_ROOT: {string.Join(", ", candidates)}. Relative entries of PATH are not searched.");
    }

    private IEnumerable<string> GetCandidates()
    {
        if (GetVariable("DOTNET_HOST_PATH") is { } host && HasProgramName(host)) yield return host;
        foreach (string root in new[] { $"DOTNET_ROOT_{RuntimeInformation.ProcessArchitecture.ToString().ToUpperInvariant()}", "DOTNET_ROOT" })
        {
            if (GetVariable(root) is { Length: > 0 } folder) yield return CombineWithFileName(folder);
        }

        if (ProcessPath is not null && HasProgramName(ProcessPath)) yield return ProcessPath;

        // A shared framework is at <root>/shared/<name>/<version>.
        string[] parts = RuntimeFolder.TrimEnd('/', '\\').Split('/', '\\');
        if (parts.Length > 3 && parts[parts.Length - 3] == "shared") yield return CombineWithFileName(Path.GetFullPath(Path.Combine(RuntimeFolder, "..", "..", "..")));

        foreach (string entry in (GetVariable("PATH") ?? "").Split(Path.PathSeparator))
        {
            string folder = entry.Trim().Trim('"');
            if (folder.Length > 0) yield return CombineWithFileName(folder);
        }

        foreach (string folder in DefaultFolders) yield return CombineWithFileName(folder);
    }

    /// <summary>True if a path depends neither on the current folder nor on the current drive.</summary>
    private static bool IsAbsolute(string path) => IsWindows
        ? path.Length > 2 && (path.StartsWith(@"\\", StringComparison.Ordinal) || (path[1] == ':' && path[2] is '\\' or '/'))
        : path.Length > 0 && path[0] == '/';

    private static bool HasProgramName(string path) =>
        path.Substring(path.LastIndexOfAny(['/', '\\']) + 1).Equals(FileName, IsWindows ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal);

    // Path.Combine throws for characters that an entry of PATH may contain by mistake.
    private static string CombineWithFileName(string folder) => $"{folder.TrimEnd('/', '\\')}{Path.DirectorySeparatorChar}{FileName}";

    /// <summary>True if the ASP.NET Core runtime that the emulator needs, or a later one, is beside the program.</summary>
    private static bool HasRuntime(string program)
    {
        try
        {
#if !NETSTANDARD
            // Linux distributions have a link on the PATH.
            program = File.ResolveLinkTarget(program, returnFinalTarget: true)?.FullName ?? program;
#endif
            var runtimes = new DirectoryInfo(Path.Combine(Path.GetDirectoryName(program)!, "shared", "Microsoft.AspNetCore.App"));
            return runtimes.Exists && runtimes.EnumerateDirectories()
                .Any(runtime => int.TryParse(runtime.Name.Split('.')[0], NumberStyles.None, CultureInfo.InvariantCulture, out int major) && major >= RuntimeVersion);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Without permission to read the folder its content is unknown.
            return false;
        }
    }

    private static string? GetProcessPath()
    {
        using Process process = Process.GetCurrentProcess();
        return process.MainModule?.FileName;
    }

    private static List<string> GetDefaultFolders()
    {
        string InHome(Environment.SpecialFolder folder, params string[] names) => Path.Combine([Environment.GetFolderPath(folder), .. names]);
        return IsWindows
            ?
            [
                InHome(Environment.SpecialFolder.ProgramFiles, "dotnet"),
                InHome(Environment.SpecialFolder.LocalApplicationData, "Microsoft", "dotnet"),
            ]
            :
            [
                "/usr/share/dotnet", "/usr/lib/dotnet", "/usr/lib64/dotnet", "/usr/local/share/dotnet", "/usr/local/bin", "/opt/dotnet",
                InHome(Environment.SpecialFolder.UserProfile, ".dotnet"),
            ];
    }
}
