using System.Management.Automation;
using FaceGen.Contract;
using FaceGen.Generating;
using FaceGen.Http;
using FaceGen.PowerShell.Loading;

namespace FaceGen.PowerShell.Pipeline;

/// <summary>Base class of all cmdlets: stops at once, reports errors, and runs work in the background.</summary>
public abstract class FaceGenCmdlet : PSCmdlet, IDisposable
{
    private readonly CancellationTokenSource _stopSource = new();
    private readonly PipelineQueue _queue = new();
    private readonly RepeatedErrors _errors;
    private CancellationTokenRegistration _exitRegistration;

    static FaceGenCmdlet() => DependencyResolver.Register();

    private protected FaceGenCmdlet()
    {
        Work = new BackgroundWork(_queue, Tick, ReportError, StopToken);
        Paths = new PathResolver(() => SessionState.Path);
        Log = new StreamLog(this);
        _errors = new RepeatedErrors(this);
    }

    /// <summary>Gets the token that is canceled when the pipeline stops, and when the cmdlet has ended.</summary>
    private protected CancellationToken StopToken => _stopSource.Token;

    /// <summary>Gets the work in the background.</summary>
    private protected BackgroundWork Work { get; }

    /// <summary>Gets the resolver of paths and ledgers.</summary>
    private protected PathResolver Paths { get; }

    /// <summary>Gets the log that writes to the verbose and warning streams, from any thread.</summary>
    internal IEngineLog Log { get; }

    /// <summary>True if -WhatIf or $WhatIfPreference is set.</summary>
    private protected bool IsWhatIf => MyInvocation.BoundParameters.TryGetValue("WhatIf", out object? value)
        ? (SwitchParameter)value
        : LanguagePrimitives.IsTrue(GetVariableValue("WhatIfPreference"));

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Stops the background work. The token source is not disposed of, since that work may still use its token.</summary>
    protected virtual void Dispose(bool disposing)
    {
        _exitRegistration.Dispose();
        StopProcessing();
    }

    /// <summary>
    /// Handles Ctrl+C and the end of the pipeline: ends the wait of the pipeline's thread. The token's callbacks run on another
    /// thread, because one may block, such as a database driver's while its server is unreachable.
    /// </summary>
    protected sealed override void StopProcessing()
    {
        _queue.Stop();
        _stopSource.CancelInBackground();
    }

    /// <inheritdoc/>
    protected sealed override void BeginProcessing()
    {
        _exitRegistration = ExitGuard.Current.Exiting.Register(() =>
        {
            _queue.Halt();
            _stopSource.CancelInBackground();
        });
        RunStep(Begin);
    }

    /// <inheritdoc/>
    protected sealed override void ProcessRecord() => RunStep(Process);

    /// <inheritdoc/>
    protected sealed override void EndProcessing() => RunStep(() =>
    {
        Work.Drain(0);
        End();
        Complete();
        _errors.WriteCounts();
    });

    /// <summary>Runs before the first input.</summary>
    private protected virtual void Begin() { }

    /// <summary>Runs for each input.</summary>
    private protected virtual void Process() { }

    /// <summary>Runs after the last input, when all background work has ended.</summary>
    private protected virtual void End() { }

    /// <summary>Runs when the command has succeeded: a stopped pipeline never assigns its output to a variable.</summary>
    private protected virtual void Complete() { }

    /// <summary>Runs at least once a second while the pipeline's thread waits.</summary>
    private protected virtual void Tick() { }

    /// <summary>Writes a non-terminating error that names its row, or ends the run if every other input would fail too.</summary>
    internal void ReportError(Exception exception, object? target)
    {
        if (exception is FaceGenException { EndsRun: true } fatal) EndWithError(DescribeFatal(fatal), target);
        WriteLimitedError(exception, target);
        if (exception is FaceGenException { Code: ErrorCode.SubmissionUncertain or ErrorCode.GenerationTimeout } reported)
            Account.MarkAcknowledged(EngineServices.System, reported);
    }

    /// <summary>Writes a non-terminating error that names its row; after many alike, only their number is shown.</summary>
    internal void WriteLimitedError(Exception exception, object? target)
    {
        RequestSource? row = target switch { Request request => request.Source, Generation generation => generation.Source, _ => null };
        _errors.Write(ErrorRecordFactory.Create(ErrorRecordFactory.WithRow(exception, row), target));
    }

    /// <summary>Ends the command with an error.</summary>
    private protected void EndWithError(Exception exception, object? target)
    {
        _errors.WriteCounts();
        ThrowTerminatingError(ErrorRecordFactory.Create(exception, target));
    }

    /// <summary>Runs an action, and reports its error.</summary>
    private protected void ReportErrors(object? target, Action action)
    {
        try
        {
            action();
        }
        catch (FaceGenException e)
        {
            ReportError(e, target);
        }
    }

    /// <summary>Returns the error that ends the run, with what happens to the other inputs.</summary>
    private protected virtual FaceGenException DescribeFatal(FaceGenException fatal) => fatal;

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
                // A host that cannot write to its closed terminal would end the process.
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
        // PowerShell's own exceptions (a stop, a failure downstream) pass unchanged.
        catch (Exception e) when (e.GetType().Assembly != typeof(PSCmdlet).Assembly)
        {
            EndWithError(e, null);
        }
        finally
        {
            // Downstream cmdlets may run long before this one is disposed of: submit nothing meanwhile.
            if (!isDone) StopProcessing();
        }
    }

    private sealed class StreamLog(FaceGenCmdlet cmdlet) : IEngineLog
    {
        public void LogVerbose(string message) => cmdlet._queue.Post(() => cmdlet.WriteVerbose(DisplayText.CleanLines(UserInfo.Remove(message))));

        public void LogWarning(string message) => cmdlet._queue.Post(() => cmdlet.WriteWarning(DisplayText.CleanLines(UserInfo.Remove(message))));
    }
}
