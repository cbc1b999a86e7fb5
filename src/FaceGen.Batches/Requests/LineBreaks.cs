namespace FaceGen.Batches.Requests;

/// <summary>Counts line breaks; <see cref="LookaheadTextReader"/> has seen to it that each has exactly one LF.</summary>
internal static class LineBreaks
{
    internal static int Count(ReadOnlySpan<char> text) => Count(text, '\n');

    internal static int Count(ReadOnlySpan<byte> text) => Count(text, (byte)'\n');

    private static int Count<T>(ReadOnlySpan<T> text, T lineFeed) where T : IEquatable<T>
    {
        int count = 0;
        while (text.IndexOf(lineFeed) is var at and >= 0)
        {
            count++;
            text = text.Slice(at + 1);
        }

        return count;
    }
}
