using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using FaceGen.Contract;

namespace FaceGen.Saving;

/// <summary>
/// Names temporary files, <c>.host-process-unique.part</c>, so that a later run can find those that no process writes any more.
/// </summary>
internal static class PartFileName
{
    /// <summary>The search pattern for such files.</summary>
    internal const string SearchPattern = ".*.part";

    /// <summary>The maximum length of such a name.</summary>
    internal const int MaxLength = 40;

    /// <summary>A file that belongs to another machine, or names no process, is abandoned when it is as old as this.</summary>
    private static readonly TimeSpan MaxWriteTime = TimeSpan.FromDays(1);

    // Names of earlier versions had no process.
    private static readonly Regex NamePattern = new(@"^\.(?:(?<host>[0-9a-f]{6})-(?<process>\d{1,10})-(?<run>[0-9a-f]{8})[0-9a-f]{8}|[0-9a-f]{32})\.part$", RegexOptions.CultureInvariant);

    private static readonly string HostId = Sha256.ComputeHex(Encoding.UTF8.GetBytes(Environment.MachineName)).Substring(0, 6);
    private static readonly int ProcessId = GetProcessId();

    /// <summary>Distinguishes this process from an earlier one with the same id, as in a container that was restarted.</summary>
    private static readonly string RunId = Guid.NewGuid().ToString("N").Substring(0, 8);

    /// <summary>Returns a name that no other file has.</summary>
    internal static string Create() =>
        string.Format(CultureInfo.InvariantCulture, ".{0}-{1}-{2}{3}.part", HostId, ProcessId, RunId, Guid.NewGuid().ToString("N").Substring(0, 8));

    /// <summary>
    /// True if a file is a temporary file of FaceGen that no running process writes: its process has ended, or it is a day old;
    /// and no process has it open.
    /// </summary>
    internal static bool IsAbandoned(string path)
    {
        Match name = NamePattern.Match(Path.GetFileName(path));
        if (!name.Success) return false;

        bool isOver = name.Groups["host"].Value == HostId
            && int.TryParse(name.Groups["process"].Value, NumberStyles.None, CultureInfo.InvariantCulture, out int process)
            && (process == ProcessId ? name.Groups["run"].Value != RunId : !IsRunning(process));
        return (isOver || DateTime.UtcNow - File.GetLastWriteTimeUtc(path) > MaxWriteTime) && !IsOpen(path);
    }

    private static int GetProcessId()
    {
        using Process own = System.Diagnostics.Process.GetCurrentProcess();
        return own.Id;
    }

    private static bool IsRunning(int processId)
    {
        try
        {
            using Process found = System.Diagnostics.Process.GetProcessById(processId);
        }
        catch (ArgumentException)
        {
            return false;
        }

        // A zombie process, which its parent has not waited for, is listed and writes nothing.
        string state = $"/proc/{processId.ToString(CultureInfo.InvariantCulture)}/stat";
        if (!File.Exists(state)) return true;

        try
        {
            string text = File.ReadAllText(state);
            return text.Substring(text.LastIndexOf(')') + 1).TrimStart() is not ['Z' or 'X', ..];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return true;
        }
    }

    private static bool IsOpen(string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            return false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return true;
        }
    }
}
