using System.Runtime.CompilerServices;

namespace FaceGen.Core.Tests.Support;

/// <summary>Lets the process of the tests exit without waiting for the submissions that tests leave without a response.</summary>
internal static class ExitTimeout
{
    [ModuleInitializer]
    internal static void Set() => Environment.SetEnvironmentVariable("FACEGEN_EXIT_TIMEOUT_SEC", "0");
}
