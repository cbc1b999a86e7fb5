using FaceGen.Emulator.Faults;

namespace FaceGen.Emulator.CommandLine;

/// <summary>Runs the emulator as a program until it is canceled or its stdin closes.</summary>
internal static class EmulatorProgram
{
    private const int StartError = 1;

    internal static async Task<int> RunAsync(
        EmulatorOptions options, bool exitWithStdin, CancellationToken cancellationToken)
    {
        try
        {
            EmulatorHost host = await EmulatorHost.StartAsync(options, cancellationToken).ConfigureAwait(false);
            await using (host.ConfigureAwait(false))
            {
                string address = host.BaseUri.GetLeftPart(UriPartial.Authority);
                await Console.Out.WriteLineAsync($"FaceGen emulator ready: {address} (key {options.ApiKey})")
                    .ConfigureAwait(false);
                await WaitForEndAsync(exitWithStdin, cancellationToken).ConfigureAwait(false);
            }

            return 0;
        }
        catch (Exception e) when (e is IOException or DllNotFoundException)
        {
            await Console.Error.WriteLineAsync(e.Message).ConfigureAwait(false);
            return StartError;
        }
    }

    private static async Task WaitForEndAsync(bool exitWithStdin, CancellationToken cancellationToken)
    {
        var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using CancellationTokenRegistration registration = cancellationToken.Register(cancelled.SetResult);
        Task stdinClosed = exitWithStdin ? ReadToEndAsync(Console.OpenStandardInput()) : cancelled.Task;
        await Task.WhenAny(cancelled.Task, stdinClosed).ConfigureAwait(false);
    }

    /// <summary>Reads until the parent closes its end of the pipe or exits.</summary>
    private static Task ReadToEndAsync(Stream input) => input.CopyToAsync(Stream.Null);
}

/// <summary>Writes the fault catalog as a table.</summary>
internal static class FaultTable
{
    /// <summary>Writes the table.</summary>
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
