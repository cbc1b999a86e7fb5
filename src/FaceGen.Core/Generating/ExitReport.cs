using System.Diagnostics;
using System.Text;
using FaceGen.Contract;

namespace FaceGen.Generating;

/// <summary>Writes what is lost with an exiting process: unknown outcomes, and generations that are not saved.</summary>
/// <param name="getError">Gets the writer for standard error.</param>
/// <param name="fallbackFile">The file that receives the report if standard error cannot be written.</param>
internal sealed class ExitReport(Func<TextWriter> getError, string fallbackFile)
{
    /// <summary>Gets the default fallback file, in the temporary folder of the system.</summary>
    internal static string DefaultFallbackFile
    {
        get
        {
            using var process = Process.GetCurrentProcess();
            return Path.Combine(Path.GetTempPath(), $"FaceGen-exit-{process.Id}.txt");
        }
    }

    /// <summary>Writes the report.</summary>
    /// <param name="work">The work that has not ended within the timeout.</param>
    /// <param name="accounts">The accounts of the process.</param>
    /// <param name="timeout">How long the process waited.</param>
    internal void Write(IReadOnlyCollection<ExitGuard.Work> work, IReadOnlyCollection<Account> accounts, TimeSpan timeout)
    {
        string[] withoutResponse = [.. work.Where(one => one.IsSubmission).Select(one => one.Description)];
        (FaceGenException Outcome, object Target)[] outcomes = [.. accounts.SelectMany(account => account.UnacknowledgedOutcomes)];
        string[] uncertain =
        [
            .. withoutResponse,
            .. outcomes.Where(one => one.Outcome.Code == ErrorCode.SubmissionUncertain)
                .Select(one => $"{(one.Target is Request request ? Describe(request) : one.Target)}: {one.Outcome.Message}"),
        ];
        if (uncertain.Length > 0)
        {
            string waited = withoutResponse.Length == 0 ? ""
                : $" {withoutResponse.Length} of them had no response within {timeout.TotalSeconds:0} s ({ExitGuard.TimeoutVariable}).";
            WriteList(
                $"The outcome of {FormatCount(uncertain.Length, "submission")} is unknown. The service may have accepted and charged for {(uncertain.Length == 1 ? "it" : "them")}.{waited} "
                + "Check the account's generations (Get-FaceGenImage -All) before you send them again. The rows of a batch are in its ledger.", uncertain);
        }

        foreach ((FaceGenException outcome, _) in outcomes.Where(one => one.Outcome.Code != ErrorCode.SubmissionUncertain)) WriteLine(outcome.Message);
        foreach (ExitGuard.Work one in work.Where(one => !one.IsSubmission && one.Description.Length > 0)) WriteLine(one.Description);

        Generation[] unsaved = [.. accounts.SelectMany(account => account.UnacknowledgedGenerations)];
        if (unsaved.Length > 0)
        {
            WriteList(
                $"{FormatCount(unsaved.Length, "generation")} {(unsaved.Length == 1 ? "was" : "were")} accepted and charged, and not all images are saved. "
                + $"The service keeps the images for {Limits.LinkLifetimeHours} hours: Wait-FaceGenImage -Id {string.Join(",", unsaved.Select(generation => generation.Id))} | Save-FaceGenOutput saves what is ready.",
                unsaved.Select(generation => generation.Id + (generation.Request is { } request ? $" {Describe(request)}" : "")));
        }
    }

    /// <summary>Returns a request's row, if it has one, and its prompt.</summary>
    internal static string Describe(Request request) =>
        $"{(request.Source is { } source ? $"{source}: " : "")}'{DisplayText.Clean(request.Prompt, 60)}'";

    /// <summary>
    /// Writes one paragraph to standard error; to the fallback file if that fails, as after a terminal was closed, because a
    /// charged generation cannot be saved without its id.
    /// </summary>
    internal void WriteLine(string text)
    {
        try
        {
            getError().WriteLine($"FaceGen: {text}");
        }
        catch (IOException)
        {
            WriteToFile($"FaceGen: {text}{Environment.NewLine}");
        }
    }

    private void WriteList(string heading, IEnumerable<string> items)
    {
        var text = new StringBuilder(heading);
        foreach (string item in items) text.AppendLine().Append("  ").Append(item);
        WriteLine(text.ToString());
    }

    private void WriteToFile(string text)
    {
        try
        {
            File.AppendAllText(fallbackFile, text);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The report cannot be written anywhere. The process still waits for the responses.
        }
    }

    private static string FormatCount(int count, string noun) => $"{count} {noun}{(count == 1 ? "" : "s")}";
}
