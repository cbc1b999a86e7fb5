using System.Management.Automation;

namespace FaceGen.Console.Input;

/// <summary>A round through the texts that could stand at the cursor, one at each Tab.</summary>
internal sealed class Completion
{
    private readonly CommandCompletion _found;
    private int _length;

    private Completion(CommandCompletion found)
    {
        _found = found;
        _length = found.ReplacementLength;
    }

    /// <summary>Looks up what fits the buffer; null if nothing does.</summary>
    internal static Completion? For(LineBuffer buffer, Func<string, int, CommandCompletion> complete)
    {
        CommandCompletion found = complete(buffer.Text, buffer.Cursor);
        return found.CompletionMatches.Count == 0 ? null : new Completion(found);
    }

    /// <summary>Puts the next match, or the one before, into the buffer.</summary>
    internal void Step(LineBuffer buffer, bool forward)
    {
        string text = _found.GetNextResult(forward).CompletionText;
        buffer.Replace(_found.ReplacementIndex, _length, text);
        _length = text.Length;
    }
}
