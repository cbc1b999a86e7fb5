using FaceGen.Emulator.Faults;

namespace FaceGen.Emulator.CommandLine;

/// <summary>The catalogue of faults as a table.</summary>
internal static class FaultTable
{
    /// <returns>The exit code.</returns>
    internal static async Task<int> WriteAsync(TextWriter output)
    {
        (string Id, string Nature, string Kinds, string Description)[] rows =
        [
            ("FAULT", "NATURE", "CALLS", "WHAT THE CALLER SEES"),
            .. Fault.All.Select(static fault => (
                fault.Id,
                fault.IsTransient ? "transient" : "lasting",
                FaultText.FormatKinds(fault.Kinds),
                fault.Description)),
        ];
        int id = rows.Max(static row => row.Id.Length);
        int nature = rows.Max(static row => row.Nature.Length);
        int kinds = rows.Max(static row => row.Kinds.Length);
        foreach (var row in rows)
        {
            string line = string.Join(
                "  ", row.Id.PadRight(id), row.Nature.PadRight(nature), row.Kinds.PadRight(kinds), row.Description);
            await output.WriteLineAsync(line).ConfigureAwait(false);
        }

        return 0;
    }
}
