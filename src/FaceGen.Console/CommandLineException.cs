namespace FaceGen.Console;

/// <summary>The command line cannot be followed; the message tells the person who typed it why.</summary>
internal sealed class CommandLineException(string message) : Exception(message);
