namespace FaceGen.Console.Tests;

/// <summary>What a finished run of the console left behind.</summary>
internal sealed record Ended(int ExitCode, string Output, string Error)
{
    internal string[] OutputLines => Lines(Output);

    internal string[] ErrorLines => Lines(Error);

    private static string[] Lines(string text) =>
        text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
