using System.Runtime.InteropServices;
using FaceGen.LiveCheck;

using var stop = new CancellationTokenSource();
using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
return await LiveCheckProgram.RunAsync(args, new ProgramEnvironment(), stop.Token);

// The first signal lets the run write its report; a second one ends the process.
void Stop(PosixSignalContext signal)
{
    signal.Cancel = !stop.IsCancellationRequested;
    stop.Cancel();
}
