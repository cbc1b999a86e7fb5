namespace FaceGen.Console.Input;

/// <summary>A line being typed, and the cursor in it.</summary>
internal sealed class LineBuffer
{
    /// <summary>The line so far.</summary>
    internal string Text { get; private set; } = "";

    /// <summary>The cursor: the index of the character that it stands before.</summary>
    internal int Cursor { get; private set; }

    internal void Set(string text) => (Text, Cursor) = (text, text.Length);

    internal void Insert(char character) => Replace(Cursor, 0, character.ToString());

    /// <summary>Puts a text in the place of another and the cursor behind it.</summary>
    internal void Replace(int start, int length, string text)
    {
        Text = Text.Remove(start, length).Insert(start, text);
        Cursor = start + text.Length;
    }

    internal void Left() => Cursor = Before(Cursor);

    internal void Right() => Cursor = After(Cursor);

    internal void WordLeft() => Cursor = WordStart(Cursor);

    internal void WordRight() => Cursor = WordEnd(Cursor);

    internal void Home() => Cursor = 0;

    internal void End() => Cursor = Text.Length;

    internal void Backspace() => Erase(Before(Cursor), Cursor);

    internal void Delete() => Erase(Cursor, After(Cursor));

    internal void EraseWord() => Erase(WordStart(Cursor), Cursor);

    internal void EraseToStart() => Erase(0, Cursor);

    internal void EraseToEnd() => Erase(Cursor, Text.Length);

    private void Erase(int start, int end) => Replace(start, end - start, "");

    private int Before(int at)
    {
        int before = Math.Max(at - 1, 0);
        return before > 0 && char.IsSurrogatePair(Text, before - 1) ? before - 1 : before;
    }

    private int After(int at)
    {
        int after = Math.Min(at + 1, Text.Length);
        return after < Text.Length && char.IsSurrogatePair(Text, after - 1) ? after + 1 : after;
    }

    private int WordStart(int at)
    {
        while (at > 0 && char.IsWhiteSpace(Text[at - 1]))
            at--;
        while (at > 0 && !char.IsWhiteSpace(Text[at - 1]))
            at--;
        return at;
    }

    private int WordEnd(int at)
    {
        while (at < Text.Length && char.IsWhiteSpace(Text[at]))
            at++;
        while (at < Text.Length && !char.IsWhiteSpace(Text[at]))
            at++;
        return at;
    }
}
