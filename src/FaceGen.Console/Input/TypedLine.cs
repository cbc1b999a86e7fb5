namespace FaceGen.Console.Input;

/// <summary>What came of waiting for a line.</summary>
/// <param name="Text">The line; empty unless it was entered.</param>
/// <param name="End">How the typing ended.</param>
internal readonly record struct TypedLine(string Text, LineEnd End);
