using System.ComponentModel;
using System.Diagnostics;
using System.Text.RegularExpressions;

namespace FaceGen.EmulatorHosting;

/// <summary>A way in which the emulator can let calls go wrong.</summary>
/// <param name="Id">Its name in a rule.</param>
/// <param name="Calls">The kinds of calls that it can hit.</param>
/// <param name="Description">What the caller sees.</param>
internal sealed record EmulatorFault(string Id, IReadOnlyList<string> Calls, string Description)
{
    private static readonly TimeSpan ListTimeout = TimeSpan.FromSeconds(3);
    private static readonly Regex LinePattern = new(@"^(\S+) {2,}\S+ {2,}(\w+(?:, \w+)*) {2,}(.+)$", RegexOptions.Multiline | RegexOptions.CultureInvariant);

    /// <summary>Asks the emulator's program for its list; it is empty where the program cannot be run or takes long.</summary>
    internal static IReadOnlyList<EmulatorFault> ReadList(string program)
    {
        using var process = new Process();
        try
        {
            process.StartInfo = EmulatorProcess.CreateStartInfo(program, ["--list-faults"]);
            process.Start();
        }
        catch (Exception e) when (e is Win32Exception or FaceGenException)
        {
            // Without 'dotnet' there is no emulator either.
            return [];
        }

        process.StandardInput.Close();
        process.BeginErrorReadLine();
        Task<string> list = process.StandardOutput.ReadToEndAsync();
        if (list.Wait(ListTimeout)) return Parse(list.Result);

        process.Kill();
        return [];
    }

    private static EmulatorFault[] Parse(string list) =>
        [.. LinePattern.Matches(list.Replace("\r", "")).Cast<Match>().Skip(1)
            .Select(line => new EmulatorFault(line.Groups[1].Value, line.Groups[2].Value.Split([", "], StringSplitOptions.None), line.Groups[3].Value))];
}
