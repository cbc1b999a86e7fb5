namespace FaceGen.Batches.Ledgers;

/// <summary>What a ledger tells of the process that works on it.</summary>
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
