using System.Globalization;
using FaceGen.Contract;
using FaceGen.Http;
#if !NETSTANDARD
using System.Runtime.InteropServices;
#endif

namespace FaceGen.Generating;

/// <summary>
/// Keeps the process from exiting before the responses to submissions in flight have arrived and are recorded, and then
/// writes an <see cref="ExitReport"/>.
/// </summary>
/// <remarks>
/// It handles the end of the process, and on .NET also SIGTERM and SIGHUP (on Windows the end of the session and a closed
/// console), which since .NET 10 end a process at once. The signal still ends the process afterwards. The first work that is
/// tracked registers the handlers.
/// </remarks>
/// <param name="getAccounts">Gets the accounts whose generations are reported.</param>
/// <param name="getError">Gets the writer for standard error.</param>
/// <param name="time">The clock.</param>
/// <param name="getTimeoutSetting">Gets the timeout setting, a number of seconds; null for the default.</param>
internal sealed class ExitGuard(Func<IEnumerable<Account>> getAccounts, Func<TextWriter> getError, TimeProvider time, Func<string?> getTimeoutSetting) : IDisposable
{
    /// <summary>The environment variable for the timeout, in seconds; with 0 the process neither waits nor reports.</summary>
    internal const string TimeoutVariable = "FACEGEN_EXIT_TIMEOUT_SEC";

    /// <summary>The default timeout in seconds; a service manager usually kills a process after 30.</summary>
    internal const int DefaultTimeoutSec = 20;

    private const int MaxTimeoutSec = 86_400;

    /// <summary>How long the process waits without a message.</summary>
    private static readonly TimeSpan NoticeDelay = TimeSpan.FromSeconds(1);

    private readonly object _gate = new();
    private readonly Dictionary<Task, Work> _work = [];
    private readonly CancellationTokenSource _exiting = new();
    private Task? _drain;

    /// <summary>Gets the guard of this process.</summary>
    internal static ExitGuard Current { get; } = new(() => EngineServices.System.Accounts.Values, () => Console.Error, TimeProvider.System,
        () => Environment.GetEnvironmentVariable(TimeoutVariable)) { IsCurrent = true };

    /// <summary>Gets the token that is canceled when the process begins to exit.</summary>
    internal CancellationToken Exiting => _exiting.Token;

    /// <summary>Gets the file that receives the report if standard error cannot be written.</summary>
    internal string FallbackFile { get; init; } = ExitReport.DefaultFallbackFile;

    private bool IsCurrent { get; init; }

    /// <summary>
    /// True if the process is exiting, or begins to within half a second: the first sign of a closed terminal may be a write
    /// that fails, just before the signal.
    /// </summary>
    internal bool IsExitingSoon()
    {
        bool hasWork;
        lock (_gate) hasWork = _work.Count > 0;
        return hasWork && Exiting.WaitHandle.WaitOne(TimeSpan.FromMilliseconds(500));
    }

    /// <summary>Makes an exiting process wait for a submission, which begins afterwards.</summary>
    /// <param name="submission">The submission.</param>
    /// <param name="description">The row or the prompt, for the report.</param>
    /// <exception cref="OperationCanceledException">The process is exiting: nothing may be sent.</exception>
    internal void RegisterSubmission(Task submission, string description)
    {
        lock (_gate)
        {
            if (_drain is not null) throw new OperationCanceledException("The process is exiting. Nothing was sent.");
            Add(submission, new Work(description, IsSubmission: true));
        }
    }

    /// <summary>Makes an exiting process wait for other work, such as a ledger that records responses.</summary>
    /// <param name="work">The work.</param>
    /// <param name="loss">What is lost if the process exits before it, as a sentence; empty for nothing.</param>
    internal void Register(Task work, string loss)
    {
        lock (_gate) Add(work, new Work(loss, IsSubmission: false));
    }

    /// <summary>
    /// Prevents new submissions, waits for the tracked work, no longer than the timeout, and reports what is unknown or not
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

    private void Add(Task work, Work description)
    {
        RegisterHandlers();
        if (work.IsCompleted || _work.ContainsKey(work)) return;

        _work.Add(work, description);
        _ = work.ContinueWith(ended =>
        {
            lock (_gate) _work.Remove(ended);
        }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    private async Task WaitAndReportAsync()
    {
        var report = new ExitReport(getError, FallbackFile);
        TimeSpan timeout = GetTimeout(report);
        if (timeout == TimeSpan.Zero) return;

        long start = time.GetTimestamp();
        await WaitAsync(timeout < NoticeDelay ? timeout : NoticeDelay).ConfigureAwait(false);
        int submissions = GetWork().Count(work => work.Value.IsSubmission);
        if (submissions > 0 && timeout > NoticeDelay)
            report.WriteLine($"Waiting up to {timeout.TotalSeconds:0} s for the {(submissions == 1 ? "response to a submission" : $"responses to {submissions} submissions")} in flight. {TimeoutVariable} sets the timeout.");

        await WaitAsync(timeout - time.GetElapsedTime(start)).ConfigureAwait(false);
        report.Write([.. GetWork().Values], [.. getAccounts()], timeout);
    }

    private TimeSpan GetTimeout(ExitReport report)
    {
        string? setting = getTimeoutSetting();
        if (string.IsNullOrWhiteSpace(setting)) return TimeSpan.FromSeconds(DefaultTimeoutSec);
        if (int.TryParse(setting, NumberStyles.None, CultureInfo.InvariantCulture, out int seconds) && seconds <= MaxTimeoutSec) return TimeSpan.FromSeconds(seconds);

        report.WriteLine($"{TimeoutVariable} is '{DisplayText.Clean(setting!, 60)}', which is not a number of seconds from 0 to {MaxTimeoutSec}. {DefaultTimeoutSec} is used.");
        return TimeSpan.FromSeconds(DefaultTimeoutSec);
    }

    /// <summary>Waits until there is no tracked work, including work that begins meanwhile, or the time is over.</summary>
    private async Task WaitAsync(TimeSpan timeout)
    {
        if (timeout <= TimeSpan.Zero) return;

        using var timeoutSource = new CancellationTokenSource();
        Task timer = time.DelayAsync(timeout, timeoutSource.Token);
        while (!timer.IsCompleted && GetWork() is { Count: > 0 } work)
        {
            Task all = Task.WhenAll(work.Keys);
            all.ObserveException();
            await Task.WhenAny(all, timer).ConfigureAwait(false);
        }

        timeoutSource.Cancel();
    }

    private Dictionary<Task, Work> GetWork()
    {
        lock (_gate) return _work.Where(work => !work.Key.IsCompleted).ToDictionary(work => work.Key, work => work.Value);
    }

    /// <summary>Work that an exiting process waits for.</summary>
    /// <param name="Description">The row or the prompt of a submission; what is lost with other work.</param>
    /// <param name="IsSubmission">True if it is a submission.</param>
    internal sealed record Work(string Description, bool IsSubmission);

#if NETSTANDARD
    private bool _isRegistered;

    /// <summary>Windows PowerShell gives a process about two seconds for this.</summary>
    private void RegisterHandlers()
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

    private void RegisterHandlers()
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
        // The host handles the signal itself and goes on running.
        if (context.Cancel) return;

        _isSignaled = true;
        DrainAsync().GetAwaiter().GetResult();
    }
#endif
}
