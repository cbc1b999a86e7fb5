using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace FaceGen.EmulatorHosting;

/// <summary>
/// Finds the program <c>dotnet</c> by an absolute path. A bare name would let the current folder, or a relative entry of
/// PATH, provide the program that is started.
/// </summary>
internal sealed class DotnetProgram
{
    /// <summary>The first version of the ASP.NET Core runtime that the emulator runs on.</summary>
    internal const int RuntimeVersion = 10;

    private static readonly bool IsWindows = RuntimeInformation.IsOSPlatform(OSPlatform.Windows);

    /// <summary>The file name of the program on this system.</summary>
    internal static readonly string FileName = IsWindows ? "dotnet.exe" : "dotnet";

    /// <summary>Gets an environment variable; null where it is not set.</summary>
    internal required Func<string, string?> GetVariable { get; init; }

    /// <summary>The path of the running process's program; null where it is not known.</summary>
    internal string? ProcessPath { get; init; }

    /// <summary>The folder of the running process's framework.</summary>
    internal string RuntimeFolder { get; init; } = "";

    /// <summary>The folders that installers use.</summary>
    internal IReadOnlyList<string> DefaultFolders { get; init; } = [];

    /// <summary>Finds the program for the running process.</summary>
    /// <returns>An absolute path.</returns>
    /// <exception cref="FaceGenException">There is none; the message lists the paths that were searched.</exception>
    internal static string Find() => new DotnetProgram
    {
        GetVariable = Environment.GetEnvironmentVariable,
        ProcessPath = GetProcessPath(),
        RuntimeFolder = RuntimeEnvironment.GetRuntimeDirectory(),
        DefaultFolders = GetDefaultFolders(),
    }.Locate();

    /// <summary>
    /// Returns the first candidate that has the runtime beside it, else the first that exists: a launcher in front of the
    /// program has no runtime beside it, and the program itself says best what it lacks.
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

        // A shared framework lies at <root>/shared/<name>/<version>.
        string[] parts = RuntimeFolder.TrimEnd('/', '\\').Split('/', '\\');
        if (parts.Length > 3 && parts[parts.Length - 3] == "shared") yield return CombineWithFileName(Path.GetFullPath(Path.Combine(RuntimeFolder, "..", "..", "..")));

        foreach (string entry in (GetVariable("PATH") ?? "").Split(Path.PathSeparator))
        {
            string folder = entry.Trim().Trim('"');
            if (folder.Length > 0) yield return CombineWithFileName(folder);
        }

        foreach (string folder in DefaultFolders) yield return CombineWithFileName(folder);
    }

    /// <summary>Whether a path names one file whatever the current folder and drive are.</summary>
    private static bool IsAbsolute(string path) => IsWindows
        ? path.Length > 2 && (path.StartsWith(@"\\", StringComparison.Ordinal) || (path[1] == ':' && path[2] is '\\' or '/'))
        : path.Length > 0 && path[0] == '/';

    private static bool HasProgramName(string path) =>
        path.Substring(path.LastIndexOfAny(['/', '\\']) + 1).Equals(FileName, IsWindows ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal);

    // Path.Combine refuses characters that an entry of PATH may have by mistake.
    private static string CombineWithFileName(string folder) => $"{folder.TrimEnd('/', '\\')}{Path.DirectorySeparatorChar}{FileName}";

    /// <summary>Whether the ASP.NET Core runtime that the emulator needs, or a later one, lies beside the program.</summary>
    private static bool HasRuntime(string program)
    {
        try
        {
#if !NETSTANDARD
            // Distributions put a link on the PATH.
            program = File.ResolveLinkTarget(program, returnFinalTarget: true)?.FullName ?? program;
#endif
            var runtimes = new DirectoryInfo(Path.Combine(Path.GetDirectoryName(program)!, "shared", "Microsoft.AspNetCore.App"));
            return runtimes.Exists && runtimes.EnumerateDirectories()
                .Any(runtime => int.TryParse(runtime.Name.Split('.')[0], NumberStyles.None, CultureInfo.InvariantCulture, out int major) && major >= RuntimeVersion);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A folder that cannot be read does not show what is in it.
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
