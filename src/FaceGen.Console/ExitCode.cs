namespace FaceGen.Console;

/// <summary>What the process tells its caller; the numbers are those of <c>pwsh</c> and of the shells.</summary>
internal static class ExitCode
{
    internal const int Success = 0;

    /// <summary>A terminating error, or with <c>-Command</c> a last command that failed.</summary>
    internal const int Failure = 1;

    /// <summary>The command line makes no sense, or the script it names does not exist.</summary>
    internal const int BadCommandLine = 64;

    /// <summary>The module is missing or cannot be imported.</summary>
    internal const int NoModule = 70;

    /// <summary>Ctrl+C (128 + SIGINT).</summary>
    internal const int Interrupted = 130;

    /// <summary>SIGTERM (128 + 15).</summary>
    internal const int Terminated = 143;
}
