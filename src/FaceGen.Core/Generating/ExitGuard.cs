using System.Diagnostics;
using System.Globalization;
using System.Text;
using FaceGen.Contract;
using FaceGen.Http;
#if !NETSTANDARD
using System.Runtime.InteropServices;
#endif

namespace FaceGen.Generating;

/// <summary>
/// Keeps the process from exiting before the answers to submissions in flight have arrived and are recorded, and writes to
/// standard error what would be lost with the process.
/// </summary>
/// <remarks>
/// It handles the end of the process, and on .NET also SIGTERM and SIGHUP (on Windows the end of the session and a closed
/// console), which since .NET 10 end a process at once. The signal still ends the process afterwards. It is registered by the
/// first work that it holds.
/// </remarks>
/// <param name="getAccounts">Gets the accounts whose generations are reported.</param>
/// <param name="getError">Gets where the report is written.</param>
/// <param name="time">The clock.</param>
/// <param name="getTimeoutSetting">Gets the number of seconds that was set as text; null for the default.</param>
internal sealed class ExitGuard(Func<IEnumerable<Account>> getAccounts, Func<TextWriter> getError, TimeProvider time, Func<string?> getTimeoutSetting) : IDisposable
{
    /// <summary>
    /// The environment variable that sets how many seconds an exiting process waits for answers; with 0 it neither waits nor
    /// reports.
    /// </summary>
    internal const string TimeoutVariable = "FACEGEN_EXIT_TIMEOUT_SEC";

    /// <summary>How many seconds it waits unless the environment variable sets another number; a service manager usually kills after 30.</summary>
    internal const int DefaultTimeoutSec = 20;

    private const int MaxTimeoutSec = 86_400;

    /// <summary>How long it waits without a word.</summary>
    private static readonly TimeSpan NoticeDelay = TimeSpan.FromSeconds(1);

    /// <summary>Gets the file that has the report where standard error cannot be written.</summary>
    internal string FallbackFile { get; init; } = Path.Combine(Path.GetTempPath(), $"FaceGen-exit-{CurrentProcessId}.txt");

    private readonly object _gate = new();
    private readonly Dictionary<Task, Work> _work = [];
    private readonly CancellationTokenSource _exiting = new();
    private Task? _drain;

    /// <summary>Gets the guard of this process.</summary>
    internal static ExitGuard Current { get; } = new(() => EngineServices.System.Accounts.Values, () => Console.Error, TimeProvider.System,
        () => Environment.GetEnvironmentVariable(TimeoutVariable)) { IsCurrent = true };

    /// <summary>Gets the token that is canceled when the process begins to exit.</summary>
    internal CancellationToken Exiting => _exiting.Token;

    /// <summary>
    /// True if the process is exiting, or begins to within half a second: the first sign of a closed terminal may be a write
    /// that fails, just before the signal.
    /// </summary>
    internal bool IsExitingSoon()
    {
        bool isHolding;
        lock (_gate) isHolding = _work.Count > 0;
        return isHolding && Exiting.WaitHandle.WaitOne(TimeSpan.FromMilliseconds(500));
    }

    private bool IsCurrent { get; init; }

    private static int CurrentProcessId
    {
        get
        {
            using var process = Process.GetCurrentProcess();
            return process.Id;
        }
    }

    /// <summary>Makes an exiting process wait for a submission, which begins afterwards.</summary>
    /// <param name="submission">The submission.</param>
    /// <param name="description">The row or the prompt, for the report.</param>
    /// <exception cref="OperationCanceledException">The process is exiting: nothing may be sent.</exception>
    internal void TrackSubmission(Task submission, string description)
    {
        lock (_gate)
        {
            if (_drain is not null) throw new OperationCanceledException("The process is exiting. Nothing was sent.");
            Add(submission, new Work(description, IsSubmission: true));
        }
    }

    /// <summary>Makes an exiting process wait for other work, such as a ledger that records answers.</summary>
    /// <param name="work">The work.</param>
    /// <param name="loss">What is lost where the process exits before it, as a sentence; empty for nothing.</param>
    internal void Track(Task work, string loss)
    {
        lock (_gate) Add(work, new Work(loss, IsSubmission: false));
    }

    /// <summary>
    /// Stops new submissions, waits for the work that is held, no longer than the timeout, and reports what is unknown or not
    /// saved then. A second call waits for the first.
    /// </summary>
    internal Task DrainAsync()
    {
        lock (_gate)
        {
            if (_drain is not null) return _drain;

            _drain = Task.Run(WaitAndReportAsync);
        }

        _exiting.CancelInBackground();
        return _drain;
    }

    /// <inheritdoc/>
    public void Dispose() => _exiting.Dispose();

    private TimeSpan GetTimeout(out string warning)
    {
        warning = "";
        string? given = getTimeoutSetting();
        if (string.IsNullOrWhiteSpace(given)) return TimeSpan.FromSeconds(DefaultTimeoutSec);
        if (int.TryParse(given, NumberStyles.None, CultureInfo.InvariantCulture, out int seconds) && seconds <= MaxTimeoutSec) return TimeSpan.FromSeconds(seconds);

        warning = $"{TimeoutVariable} is '{DisplayText.Clean(given!, 60)}', which is not a number of seconds from 0 to {MaxTimeoutSec}: {DefaultTimeoutSec} is used.";
        return TimeSpan.FromSeconds(DefaultTimeoutSec);
    }

    private void Add(Task work, Work description)
    {
        Register();
        if (work.IsCompleted || _work.ContainsKey(work)) return;

        _work.Add(work, description);
        _ = work.ContinueWith(ended =>
        {
            lock (_gate) _work.Remove(ended);
        }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    private async Task WaitAndReportAsync()
    {
        TimeSpan timeout = GetTimeout(out string warning);
        if (timeout == TimeSpan.Zero) return;
        if (warning.Length > 0) WriteLine(warning);
        long start = time.GetTimestamp();
        bool isNoticed = false;
        while (true)
        {
            Task[] work;
            int submissions;
            lock (_gate)
            {
                work = [.. _work.Keys.Where(held => !held.IsCompleted)];
                submissions = _work.Count(held => held.Value.IsSubmission && !held.Key.IsCompleted);
            }

            TimeSpan elapsed = time.GetElapsedTime(start);
            if (work.Length == 0 || elapsed >= timeout) break;

            if (!isNoticed && submissions > 0 && elapsed >= NoticeDelay)
            {
                isNoticed = true;
                WriteLine($"Waiting up to {timeout.TotalSeconds:0} s for the {(submissions == 1 ? "answer to a submission" : $"answers to {submissions} submissions")} in flight. {TimeoutVariable} sets how long.");
            }

            TimeSpan next = !isNoticed && elapsed < NoticeDelay && timeout > NoticeDelay ? NoticeDelay - elapsed : timeout - elapsed;
            using var over = new CancellationTokenSource();
            Task all = Task.WhenAll(work);
            all.ObserveException();
            await Task.WhenAny(all, time.DelayAsync(next, over.Token)).ConfigureAwait(false);
            over.Cancel();
        }

        foreach (string paragraph in CreateReport(timeout)) WriteLine(paragraph);
    }

    private IEnumerable<string> CreateReport(TimeSpan timeout)
    {
        Work[] left;
        lock (_gate) left = [.. _work.Where(held => !held.Key.IsCompleted).Select(held => held.Value)];
        string[] unanswered = [.. left.Where(work => work.IsSubmission).Select(work => work.Description)];
        Account[] known = [.. getAccounts()];
        (FaceGenException Outcome, object Target)[] untold = [.. known.SelectMany(account => account.UnacknowledgedOutcomes)];
        string[] uncertain = [.. unanswered, .. untold.Where(one => one.Outcome.Code == ErrorCode.SubmissionUncertain)
            .Select(one => $"{(one.Target is Request request ? Describe(request) : one.Target)}: {one.Outcome.Message}")];
        if (uncertain.Length > 0)
        {
            string waited = unanswered.Length == 0 ? "" : $" {unanswered.Length} of them had no answer within {timeout.TotalSeconds:0} s ({TimeoutVariable}).";
            yield return FormatList(
                $"The outcome of {FormatCount(uncertain.Length, "submission")} is unknown: the service may have accepted and charged for {(uncertain.Length == 1 ? "it" : "them")}.{waited} "
                + "Look at the account's generations before you send them again; the rows of a batch are in its ledger.", uncertain);
        }

        foreach ((FaceGenException outcome, _) in untold.Where(one => one.Outcome.Code != ErrorCode.SubmissionUncertain)) yield return outcome.Message;
        foreach (Work work in left.Where(work => !work.IsSubmission && work.Description.Length > 0)) yield return work.Description;

        Generation[] unsaved = [.. known.SelectMany(account => account.UnreportedGenerations)];
        if (unsaved.Length > 0)
        {
            yield return FormatList(
                $"{FormatCount(unsaved.Length, "generation")} {(unsaved.Length == 1 ? "was" : "were")} accepted, and not all images of {(unsaved.Length == 1 ? "it" : "them")} are saved. "
                + $"What was accepted is paid for, and the service keeps the images for {Limits.LinkLifetimeHours} hours: Wait-FaceGenImage -Id {string.Join(",", unsaved.Select(generation => generation.Id))} | Save-FaceGenOutput saves what is ready.",
                unsaved.Select(generation => generation.Id + (generation.Request is { } request ? $" {Describe(request)}" : "")));
        }
    }

    /// <summary>Describes a request in a report: its row, if it has one, and its prompt.</summary>
    internal static string Describe(Request request) =>
        $"{(request.Source is { } source ? $"{source}: " : "")}'{DisplayText.Clean(request.Prompt, 60)}'";

    private static string FormatCount(int count, string noun) => $"{count} {noun}{(count == 1 ? "" : "s")}";

    private static string FormatList(string heading, IEnumerable<string> items)
    {
        var text = new StringBuilder(heading);
        foreach (string item in items) text.AppendLine().Append("  ").Append(item);
        return text.ToString();
    }

    /// <summary>
    /// Writes a paragraph of the report. Where standard error has gone, as with a closed terminal, it goes to a file: without its
    /// id a paid generation cannot be saved.
    /// </summary>
    private void WriteLine(string text)
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

    private void WriteToFile(string text)
    {
        try
        {
            File.AppendAllText(FallbackFile, text);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Neither a terminal nor a file takes the report. What counts more is that the wait for the answers goes on.
        }
    }

    private sealed record Work(string Description, bool IsSubmission);

#if NETSTANDARD
    private bool _isRegistered;

    /// <summary>Windows PowerShell gives a process about two seconds for this.</summary>
    private void Register()
    {
        if (_isRegistered || !IsCurrent) return;

        _isRegistered = true;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => DrainAsync().GetAwaiter().GetResult();
    }
#else
    /// <summary>How long an exit waits for the signal that caused it to end the process, with the exit code of that signal.</summary>
    private static readonly TimeSpan SignalGrace = TimeSpan.FromSeconds(1);

    private PosixSignalRegistration[]? _signals;
    private volatile bool _isSignaled;

    private void Register()
    {
        if (_signals is not null || !IsCurrent) return;

        AppDomain.CurrentDomain.ProcessExit += OnProcessExit;
        _signals = [PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal), PosixSignalRegistration.Create(PosixSignal.SIGHUP, OnSignal)];
    }

    private void OnProcessExit(object? sender, EventArgs e)
    {
        DrainAsync().GetAwaiter().GetResult();
        if (_isSignaled) Thread.Sleep(SignalGrace);
    }

    private void OnSignal(PosixSignalContext context)
    {
        // The host goes on running in spite of the signal.
        if (context.Cancel) return;

        _isSignaled = true;
        DrainAsync().GetAwaiter().GetResult();
    }
#endif
}
