using System.ComponentModel;
using System.Diagnostics;
using System.Text.RegularExpressions;

namespace FaceGen.EmulatorHosting;

/// <summary>A fault that the emulator can inject.</summary>
/// <param name="Id">The id of the fault in a rule.</param>
/// <param name="Calls">The kinds of requests that it applies to.</param>
/// <param name="Description">What the client receives.</param>
internal sealed record EmulatorFault(string Id, IReadOnlyList<string> Calls, string Description)
{
    private static readonly TimeSpan ListTimeout = TimeSpan.FromSeconds(3);
    private static readonly Regex LinePattern = new(@"^(\S+) {2,}\S+ {2,}(\w+(?:, \w+)*) {2,}(.+)$", RegexOptions.Multiline | RegexOptions.CultureInvariant);

    /// <summary>Returns the faults of the emulator's program; empty if the program cannot be run or takes too long.</summary>
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
            // Without 'dotnet' the emulator cannot be started either.
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
