using System.Management.Automation;
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
    private readonly CancellationTokenSource _stop = new();
    private readonly PipelineQueue _pipeline = new();
    private readonly List<Task<bool>> _running = [];
    private Connection? _connection;

    static FaceGenCmdlet() => DependencyResolver.Register();

    /// <summary>Cancelled when the pipeline is stopped, and when the cmdlet has ended.</summary>
    private protected CancellationToken Stop => _stop.Token;

    /// <summary>This runspace's connection; where there is none, one is made from the environment.</summary>
    private protected Connection Connection => _connection ??= Connections.Require();

    /// <summary>How many pieces of background work are under way.</summary>
    private protected int RunningCount => _running.Count;

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
    protected virtual void Dispose(bool disposing) => _stop.Cancel();

    /// <inheritdoc/>
    protected sealed override void StopProcessing() => _stop.Cancel();

    /// <inheritdoc/>
    protected sealed override void BeginProcessing() => Run(Begin);

    /// <inheritdoc/>
    protected sealed override void ProcessRecord() => Run(Process);

    /// <inheritdoc/>
    protected sealed override void EndProcessing() => Run(() =>
    {
        Drain(0);
        End();
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
    private protected T RunUntil<T>(Task<T> task) => _pipeline.RunUntil(task, Tick, Stop);

    /// <summary>Starts work in the background; what it returns is done on the pipeline's thread.</summary>
    /// <param name="target">What an error of the work is about.</param>
    /// <param name="work">The work.</param>
    /// <param name="write">Takes the result, on the pipeline's thread.</param>
    private protected void Start<T>(object? target, Func<Task<T>> work, Action<T> write)
    {
        _running.Add(RunAsync());

        async Task<bool> RunAsync()
        {
            try
            {
                T result = await Task.Run(work).ConfigureAwait(false);
                _pipeline.Post(() => write(result));
            }
            catch (Exception e) when (e is not OperationCanceledException || !Stop.IsCancellationRequested)
            {
                _pipeline.Post(() => WriteFault(e, target));
            }
            catch (OperationCanceledException)
            {
                // The stop was asked for: whoever asked is not waiting for a result.
                return false;
            }

            return true;
        }
    }

    /// <summary>Waits until no more than so many pieces of background work are under way.</summary>
    private protected void Drain(int most)
    {
        _pipeline.RunPosted(Stop);
        _running.RemoveAll(task => task.IsCompleted);
        while (_running.Count > most)
        {
            RunUntil(Task.WhenAny(_running));
            _running.RemoveAll(task => task.IsCompleted);
        }

        _pipeline.RunPosted(Stop);
    }

    /// <summary>Writes a line to the verbose stream, from any thread.</summary>
    private protected void PostVerbose(string line) => _pipeline.Post(() => WriteVerbose(Connection.Key.Redact(line)));

    /// <summary>Writes the error of one item, or ends the run where every other item would fail as well.</summary>
    private protected void WriteFault(Exception exception, object? target)
    {
        ErrorRecord error = ErrorTable.Record(exception, target);
        if (exception is FaceGenException { EndsRun: true }) ThrowTerminatingError(error);
        WriteError(error);
    }

    /// <summary>Emits a generation; one whose end has now been seen need not be kept any longer.</summary>
    private protected void WriteGeneration(Generation generation)
    {
        if (generation.Status == GenerationStatus.Failed)
        {
            string reason = generation.Message.Length > 0 ? $": {generation.Message.TrimEnd('.')}" : "";
            WriteFault(new FaceGenException(ErrorCode.GenerationFailed,
                $"{Prefix(generation.Source)}The service could not make the image of generation {generation.Id}{reason}."),
                (object?)generation.Request ?? generation);
        }
        else
        {
            WriteObject(generation);
        }

        if (generation.IsFinished) Account.Of(Connection).MarkSeen(generation.Id);
    }

    /// <summary>What begins a message about a row of a file.</summary>
    private protected static string Prefix(RequestSource? source) => source is null ? "" : $"{source}: ";

    /// <summary>A full path of the file system; the current location and drives are PowerShell's.</summary>
    private protected string ResolvePath(string path) => GetUnresolvedProviderPathFromPSPath(path);

    /// <summary>Seconds as a parameter gives them; 0 means no limit.</summary>
    private protected static TimeSpan Seconds(int seconds) =>
        seconds == 0 ? Timeout.InfiniteTimeSpan : TimeSpan.FromSeconds(seconds);

    private void Run(Action step)
    {
        try
        {
            step();
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            throw new PipelineStoppedException();
        }
        catch (FaceGenException e)
        {
            ThrowTerminatingError(ErrorTable.Record(e, null));
        }
    }
}
