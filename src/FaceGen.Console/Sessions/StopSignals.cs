using System.Runtime.InteropServices;

namespace FaceGen.Console.Sessions;

/// <summary>
/// Ctrl+C and SIGTERM. Both stop the running pipeline; SIGTERM always ends the program, Ctrl+C ends it unless it runs
/// a prompt for a person. A second Ctrl+C kills a script whose pipeline does not heed the first.
/// </summary>
internal sealed class StopSignals : IDisposable
{
    /// <summary>How long a pipeline may take to stop after SIGTERM before the program ends without it.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    private readonly Session _session;
    private readonly bool _staysAtPrompt;
    private readonly PosixSignalRegistration _interrupt;
    private readonly PosixSignalRegistration _terminate;

    internal StopSignals(Session session, bool staysAtPrompt)
    {
        _session = session;
        _staysAtPrompt = staysAtPrompt;
        _interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnInterrupt);
        _terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnTerminate);
    }

    /// <summary>The code that a signal demands the program to end with; null while none does.</summary>
    internal int? ExitCode { get; private set; }

    public void Dispose()
    {
        _interrupt.Dispose();
        _terminate.Dispose();
    }

    private void OnInterrupt(PosixSignalContext context)
    {
        context.Cancel = _staysAtPrompt || ExitCode is null;
        if (!_staysAtPrompt)
            ExitCode ??= Console.ExitCode.Interrupted;

        if (!_session.Stop() && !_staysAtPrompt)
            Environment.Exit(Console.ExitCode.Interrupted);
    }

    private void OnTerminate(PosixSignalContext context)
    {
        context.Cancel = true;
        ExitCode = Console.ExitCode.Terminated;

        // The main thread returns the code when the pipeline has stopped, unless it waits for a key.
        if (_session.Stop())
            _session.WaitUntilIdle(Grace);
        Environment.Exit(Console.ExitCode.Terminated);
    }
}
