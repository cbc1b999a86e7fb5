using System.Runtime.CompilerServices;

namespace FaceGen.Batches.Tests.Running;

/// <summary>Lets the test process exit without waiting for submissions that tests leave without a response.</summary>
internal static class ExitTimeout
{
    [ModuleInitializer]
    internal static void Set() => Environment.SetEnvironmentVariable("FACEGEN_EXIT_TIMEOUT_SEC", "0");
}
