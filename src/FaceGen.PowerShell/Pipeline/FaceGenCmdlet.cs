using System.Management.Automation;
using System.Security;
using FaceGen.BatchModel;
using FaceGen.Contract;
using FaceGen.Generating;
using FaceGen.Http;
using FaceGen.PowerShell.Loading;
using FaceGen.PowerShell.State;

namespace FaceGen.PowerShell.Pipeline;

/// <summary>
/// What all of FaceGen's cmdlets share: work in the background that is drained on the pipeline's thread, a stop that is
/// answered at once, errors by one table, and the runspace's connection.
/// </summary>
public abstract class FaceGenCmdlet : PSCmdlet, IDisposable
{
    /// <summary>How many rows are read ahead.</summary>
    private const int ReadChunkSize = 64;

    /// <summary>A wait that nobody need be told of.</summary>
    private static readonly TimeSpan SilentWait = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _stopSource = new();
    private readonly PipelineQueue _queue = new();
    private readonly EmittedGenerations _emitted = new();
    private readonly List<(Account Account, string Id)> _unfinished = [];
    private CancellationTokenRegistration _exitRegistration;
    private int _runningCount;
    private Connection? _currentConnection;

    static FaceGenCmdlet() => DependencyResolver.Register();

    /// <summary>Cancelled when the pipeline is stopped, and when the cmdlet has ended.</summary>
    private protected CancellationToken StopToken => _stopSource.Token;

    /// <summary>The connection to the service: the one that was named, or else this runspace's.</summary>
    private protected Connection CurrentConnection => ExplicitConnection ?? (_currentConnection ??= Connections.GetRequired());

    /// <summary>The connection that the user named, if any.</summary>
    private protected virtual Connection? ExplicitConnection => null;

    /// <summary>True if the command only says what it would do.</summary>
    private protected bool IsWhatIf => MyInvocation.BoundParameters.TryGetValue("WhatIf", out object? given)
        ? (SwitchParameter)given
        : LanguagePrimitives.IsTrue(GetVariableValue("WhatIfPreference"));

    /// <summary>How many pieces of background work are in progress.</summary>
    private protected int RunningCount => Volatile.Read(ref _runningCount);

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>
    /// Ends what is still waited for, also where the pipeline ended early. The source itself is left to the collector:
    /// background work may still look at its token.
    /// </summary>
    protected virtual void Dispose(bool disposing)
    {
        _exitRegistration.Dispose();
        StopProcessing();
    }

    /// <summary>
    /// Ends the pipeline's thread's wait. The token's callbacks run elsewhere: one of them may block, as a database driver's
    /// does while its server is unreachable.
    /// </summary>
    protected sealed override void StopProcessing()
    {
        _queue.Stop();
        _stopSource.CancelInBackground();
    }

    /// <inheritdoc/>
    protected sealed override void BeginProcessing()
    {
        _exitRegistration = ExitGuard.Current.Exiting.Register(OnProcessExit);
        RunStep(Begin);
    }

    /// <summary>The process is exiting: background work ends as after a stop, and the script goes no further.</summary>
    private void OnProcessExit()
    {
        _queue.Halt();
        _stopSource.CancelInBackground();
    }

    /// <inheritdoc/>
    protected sealed override void ProcessRecord() => RunStep(Process);

    /// <inheritdoc/>
    protected sealed override void EndProcessing() => RunStep(() =>
    {
        Drain(0);
        End();

        // Only now: what a stopped or broken pipeline was to give to a variable never gets there.
        _emitted.AcknowledgeAll();
        foreach ((Account account, string id) in _unfinished) account.MarkReported(id);
    });

    /// <summary>Before the first input.</summary>
    private protected virtual void Begin() { }

    /// <summary>For each input.</summary>
    private protected virtual void Process() { }

    /// <summary>After the last input, when all background work has ended.</summary>
    private protected virtual void End() { }

    /// <summary>Called at least once a second while the pipeline's thread waits.</summary>
    private protected virtual void Tick() { }

    /// <summary>Waits for a task on the pipeline's thread, which meanwhile writes what background work has posted.</summary>
    private protected T WaitFor<T>(Task<T> task) => _queue.RunUntil(task, Tick);

    /// <summary>
    /// Reads away from the pipeline's thread, some rows at a time: it must answer a stop also while a disk or a share does
    /// not.
    /// </summary>
    private protected IEnumerable<T> ReadAhead<T>(IEnumerable<T> source)
    {
        IEnumerator<T> all = source.GetEnumerator();
        Task<List<T>> reading = Task.FromResult<List<T>>([]);
        bool isRead = false;
        try
        {
            while (WaitFor(reading = Task.Run(Next)) is { Count: > 0 } next)
            {
                foreach (T row in next) yield return row;
            }

            isRead = true;
        }
        finally
        {
            // A read that a stop has left behind is still inside the enumerator: it is disposed of after that read, and away
            // from the pipeline's thread, since closing a file or a ledger may block as well.
            Task<bool> closing = reading.ContinueWith(_ =>
            {
                all.Dispose();
                return true;
            }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            if (isRead) WaitFor(closing);
            else closing.ObserveException();
        }

        List<T> Next()
        {
            List<T> next = new(ReadChunkSize);
            while (next.Count < ReadChunkSize && all.MoveNext()) next.Add(all.Current);
            return next;
        }
    }

    /// <summary>Waits for something that must be given back, also where the pipeline ends while it is waited for.</summary>
    private protected T WaitForDisposable<T>(Task<T> task)
        where T : IDisposable
    {
        try
        {
            return WaitFor(task);
        }
        catch
        {
            _ = task.ContinueWith(taken => taken.Result.Dispose(), CancellationToken.None,
                TaskContinuationOptions.OnlyOnRanToCompletion | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            throw;
        }
    }

    /// <summary>Has the pipeline's thread do something, from any thread.</summary>
    private protected void Post(Action action) => _queue.Post(action);

    /// <summary>Starts work in the background; what it returns is done on the pipeline's thread.</summary>
    /// <param name="target">What an error of the work is about.</param>
    /// <param name="work">The work.</param>
    /// <param name="write">Takes the result, on the pipeline's thread.</param>
    private protected void Start<T>(object? target, Func<Task<T>> work, Action<T> write)
    {
        Interlocked.Increment(ref _runningCount);
        _ = RunAsync();

        async Task RunAsync()
        {
            try
            {
                T result = await Task.Run(work).ConfigureAwait(false);
                _queue.Post(() => write(result));
            }
            catch (OperationCanceledException) when (_queue.IsStopped || StopToken.IsCancellationRequested)
            {
                // After a stop no result is written.
            }
            catch (Exception e)
            {
                _queue.Post(() => ReportError(e, target));
            }
            finally
            {
                Interlocked.Decrement(ref _runningCount);
                _queue.Wake();
            }
        }
    }

    /// <summary>Starts work in the background that posts by itself what is to be written.</summary>
    private protected void Start(object? target, Func<Task> work) => Start(target, async () =>
    {
        await work().ConfigureAwait(false);
        return true;
    }, _ => { });

    /// <summary>Waits until no more than so many pieces of background work are under way.</summary>
    private protected void Drain(int maximum) => _queue.RunUntil(() => RunningCount <= maximum, Tick);

    /// <summary>Writes what the engine tells, from any thread, to the streams of verbose lines and warnings.</summary>
    private protected IEngineLog Log => new StreamLog(this);

    /// <summary>
    /// Writes the error of one item, which begins with the row that it is about; or ends the run where every other item would
    /// fail as well.
    /// </summary>
    private protected void ReportError(Exception exception, object? target)
    {
        if (exception is FaceGenException { EndsRun: true } fatal) ThrowTerminatingError(ErrorRecordFactory.Create(WithPendingGenerations(fatal), target));
        WriteError(ErrorRecordFactory.Create(WithRow(exception, target switch { Request request => request.Source, Generation generation => generation.Source, _ => null }), target));
        if (exception is FaceGenException { Code: ErrorCode.SubmissionUncertain or ErrorCode.GenerationTimeout } told) Account.MarkAcknowledged(EngineServices.System, told);
    }

    /// <summary>What ends the run, with what the user must know of the items that it leaves.</summary>
    private protected virtual FaceGenException WithPendingGenerations(FaceGenException fatal) => fatal;

    /// <summary>Emits a generation; one that has ended is settled when this command has ended too.</summary>
    private protected void WriteGeneration(Generation generation)
    {
        if (generation.Status == GenerationStatus.Failed)
        {
            ReportError(new FaceGenException(ErrorCode.GenerationFailed, generation.FailureMessage), (object?)generation.Request ?? generation);
        }
        else
        {
            WriteObject(generation);
        }

        var account = Account.For(generation.Connection ?? CurrentConnection);
        if (!generation.IsFinished) _unfinished.Add((account, generation.Id));
        else _emitted.Add(account, generation.Id);
    }

    /// <summary>
    /// Returns a generation with the connection that acts for it: the one that it brings, or, for one that came back through
    /// serialization, the one that this command uses; null where that is one of another account, which is an error of this
    /// generation alone.
    /// </summary>
    private protected Generation? WithConnection(Generation generation)
    {
        try
        {
            Connection connection = ConnectionResolver.Resolve(generation, ExplicitConnection, () => CurrentConnection);
            return connection == generation.Connection ? generation : generation with { Connection = connection };
        }
        catch (FaceGenException e) when (e.Code == ErrorCode.ConnectionMismatch || generation.Connection is not null)
        {
            WriteError(ErrorRecordFactory.Create(WithRow(e, generation.Source), generation));
            return null;
        }
    }

    /// <summary>
    /// The generations that this session started and has not settled, when every answer that is still out has come.
    /// What became of submissions whose pipeline has gone is told here.
    /// </summary>
    private protected IReadOnlyList<Generation> GetPendingGenerations()
    {
        Account account = Account.For(CurrentConnection);
        Task<bool[]> settled = account.WaitForInFlightAsync(StopToken);
        WaitFor(Task.WhenAny(settled, CurrentConnection.Services.Time.DelayAsync(SilentWait, StopToken)));
        if (!settled.IsCompleted)
            WriteWarning($"The answer to a submission is still out: waiting for it, up to {CurrentConnection.TimeoutSec} seconds. What else is under way is shown then.");
        WaitFor(settled);
        // Looked at first: generations that have expired are among the reports then.
        IReadOnlyList<Poller> open = account.Pending;
        foreach ((FaceGenException outcome, object target) in account.UnacknowledgedOutcomes)
        {
            ReportError(outcome, target);
            Account.MarkAcknowledged(EngineServices.System, outcome);
        }

        return [.. open.Select(watch => watch.Latest)];
    }

    /// <summary>Warns of what a row has and the API does not.</summary>
    private protected void WarnUnknownColumns(RequestSource source, IReadOnlyList<string> names)
    {
        if (names.Count == 0) return;

        IEnumerable<string> shown = names.Select(name =>
            $"'{InvisibleCharacters.Escape(name, 60)}'{(RequestField.FindNearest(name) is { } near ? $" (did you mean '{near.Name}'?)" : "")}");
        WriteWarning($"{source}: the API has no field {string.Join(", ", shown)}; {(names.Count == 1 ? "it is" : "they are")} left out.");
    }

    /// <summary>An error whose message begins with its row.</summary>
    private protected static Exception WithRow(Exception exception, RequestSource? row) =>
        row is not null && exception is FaceGenException fault ? new FaceGenException(fault.Code, $"{row}: {fault.Message}", fault) : exception;

    /// <summary>A full path of the file system; the current location and drives are PowerShell's.</summary>
    /// <param name="path">The path as it was given; no character is a wildcard.</param>
    /// <param name="code">What a path that is none of the file system's is.</param>
    /// <exception cref="FaceGenException">It is none of the file system's.</exception>
    private protected string ResolvePath(string path, ErrorCode code)
    {
        if (LedgerLocation.MayHoldPassword(path))
            throw new FaceGenException(code, "A connection string or an address was given where a path of the file system belongs. Nothing was sent. A database is given with -Ledger.");

        try
        {
            string full = SessionState.Path.GetUnresolvedProviderPathFromPSPath(path, out ProviderInfo provider, out _);
            if (provider.Name == "FileSystem") return full;
        }
        catch (Exception e) when (e is ProviderNotFoundException or System.Management.Automation.DriveNotFoundException or ItemNotFoundException
            or ProviderInvocationException or NotSupportedException or ArgumentException or PSInvalidOperationException)
        {
            throw new FaceGenException(code, $"'{DisplayText.Clean(path, 300)}' is no path of the file system: {e.Message.TrimEnd('.')}.", e);
        }

        string here = path == "." ? $" The current location is {SessionState.Path.CurrentLocation}." : "";
        throw new FaceGenException(code, $"'{DisplayText.Clean(path, 300)}' is no path of the file system.{here}");
    }

    /// <summary>Returns the full paths that a path with wildcards matches; one that exists as it is written is not a pattern.</summary>
    /// <exception cref="FaceGenException">Nothing matches.</exception>
    private protected IReadOnlyList<string> ResolveWildcards(string path, ErrorCode code)
    {
        if (FindExisting(path, code) is { } named) return [named];
        // Escaped brackets are the brackets.
        if (!WildcardPattern.ContainsWildcardCharacters(path)) return [ResolvePath(WildcardPattern.Unescape(path), code)];

        IReadOnlyList<string> matches = ExpandWildcards(path);
        return matches.Count > 0 ? matches : throw NoMatch(path, code);
    }

    /// <summary>
    /// Returns the full paths that a path to write to means. What is to be created has a name and no pattern: brackets stand
    /// for themselves where they match nothing that exists.
    /// </summary>
    /// <exception cref="FaceGenException">Nothing matches a pattern with * or ?.</exception>
    private protected IReadOnlyList<string> ResolveTarget(string path, ErrorCode code)
    {
        if (FindExisting(path, code) is { } named) return [named];

        IReadOnlyList<string> matches = WildcardPattern.ContainsWildcardCharacters(path) ? ExpandWildcards(path) : [];
        if (matches.Count > 0) return matches;

        return path.IndexOfAny(['*', '?']) < 0 ? [ResolvePath(WildcardPattern.Unescape(path), code)] : throw NoMatch(path, code);
    }

    /// <summary>Returns the full path of what exists under the name as it is written, or without its escapes.</summary>
    private string? FindExisting(string path, ErrorCode code) => new[] { path, WildcardPattern.Unescape(path) }
        .Distinct().Select(name => ResolvePath(name, code)).FirstOrDefault(full => File.Exists(full) || Directory.Exists(full));

    private IReadOnlyList<string> ExpandWildcards(string pattern)
    {
        try
        {
            IReadOnlyList<string> matches = [.. GetResolvedProviderPathFromPSPath(pattern, out ProviderInfo provider)];
            return provider.Name == "FileSystem" ? matches : [];
        }
        catch (Exception e) when (e is ItemNotFoundException or WildcardPatternException)
        {
            // A lone bracket is an invalid pattern, and a name that matches nothing.
            return [];
        }
    }

    private static FaceGenException NoMatch(string path, ErrorCode code) => new(code, $"Nothing matches '{DisplayText.Clean(path, 300)}'.");

    /// <summary>The full path of a folder to save to, which need not be there yet.</summary>
    /// <exception cref="FaceGenException">It cannot be made, or is none of the file system's, or wildcards name several.</exception>
    private protected string ResolveFolder(string path, bool isLiteral = false)
    {
        IReadOnlyList<string> folders =
            isLiteral ? [ResolvePath(path, ErrorCode.FileNotWritten)] : ResolveTarget(path, ErrorCode.FileNotWritten);
        if (folders.Count > 1 && folders.Any(Directory.Exists)) folders = [.. folders.Where(Directory.Exists)];
        if (folders.Count != 1)
            throw new FaceGenException(ErrorCode.FileNotWritten, $"'{path}' matches {folders.Count} folders: give one of them.");

        // A folder that cannot be made is better told before anything is generated for it.
        for (string? above = folders[0]; above is not null && !Directory.Exists(above); above = Path.GetDirectoryName(above))
        {
            if (File.Exists(above))
                throw new FaceGenException(ErrorCode.FileNotWritten, $"'{folders[0]}' cannot be a folder: '{above}' is a file.");
        }

        return folders[0];
    }

    /// <summary>Where a ledger is: a file by its full path, or a database.</summary>
    /// <param name="ledger">What was given.</param>
    /// <param name="isTyped">Whether it was typed, where a path is relative to the current location.</param>
    /// <exception cref="FaceGenException">It is neither.</exception>
    private protected LedgerLocation ResolveLedger(SecureString ledger, bool isTyped)
    {
        string text = Secret.Reveal(ledger);
        if (string.IsNullOrWhiteSpace(text)) throw new FaceGenException(ErrorCode.LedgerInvalid, "-Ledger is empty: give a file, or a connection string of PostgreSQL.");
        if (LedgerLocation.ParseDatabase(text) is { } database) return database;

        return isTyped || Path.IsPathRooted(text)
            ? LedgerLocation.ForFile(FindExisting(text, ErrorCode.LedgerInvalid) ?? ResolvePath(WildcardPattern.Unescape(text), ErrorCode.LedgerInvalid))
            : throw new FaceGenException(ErrorCode.LedgerInvalid,
                $"'{DisplayText.Clean(text, 300)}' only names a database; -Ledger takes its connection string.");
    }

    /// <summary>Seconds as a parameter gives them; 0 means no limit.</summary>
    private protected static TimeSpan ToTimeout(int seconds) =>
        seconds == 0 ? Timeout.InfiniteTimeSpan : TimeSpan.FromSeconds(seconds);

    private void RunStep(Action step)
    {
        bool isDone = false;
        try
        {
            try
            {
                step();
            }
            catch (Exception e) when (e.GetBaseException() is IOException && ExitGuard.Current.IsExitingSoon())
            {
                // The host could not write to a terminal that has been closed, and would end the process because of it.
                _queue.Halt();
                _queue.WaitWhileHalted();
                throw;
            }

            isDone = true;
        }
        catch (OperationCanceledException) when (_queue.IsStopped)
        {
            throw new PipelineStoppedException();
        }
        // What PowerShell throws itself, a stop or a downstream cmdlet's failure, goes its own way.
        catch (Exception e) when (e.GetType().Assembly != typeof(PSCmdlet).Assembly)
        {
            ThrowTerminatingError(ErrorRecordFactory.Create(e, null));
        }
        finally
        {
            // Downstream may go on for long before this is disposed of: nothing more is submitted meanwhile.
            if (!isDone) StopProcessing();
        }
    }

    private sealed class StreamLog(FaceGenCmdlet cmdlet) : IEngineLog
    {
        public void LogVerbose(string message) => cmdlet._queue.Post(() => cmdlet.WriteVerbose(DisplayText.CleanLines(UserInfo.Remove(message))));

        public void LogWarning(string message) => cmdlet._queue.Post(() => cmdlet.WriteWarning(DisplayText.CleanLines(UserInfo.Remove(message))));
    }
}
