namespace FaceGen.Batches.Ledgers;

/// <summary>Describes this process in the ledger's table of workers.</summary>
internal static class WorkerProcess
{
    internal static long Id { get; } =
#if NETSTANDARD
        System.Diagnostics.Process.GetCurrentProcess().Id;
#else
        Environment.ProcessId;
#endif

    internal static string MachineName => Environment.MachineName;
}
