using System.Buffers.Binary;
using System.Text;

namespace FaceGen.ImageFormats;

/// <summary>
/// Adds texts to a PNG directly after its header, where readers that stop at the pixels find them too. The rest of the file
/// stays unchanged and is not copied.
/// </summary>
internal static class PngText
{
    /// <summary>The keyword of the last text, by which <see cref="Strip"/> recognizes the texts of FaceGen.</summary>
    internal const string OwnKeyword = "FaceGen";

    /// <summary>The length of the signature and the header, which is always first and has a fixed length.</summary>
    private const int HeaderEnd = 33;

    private const int ChunkOverhead = 12;

    private static readonly Encoding Latin1 = Encoding.GetEncoding("iso-8859-1");

    /// <summary>Returns the parts of the file with the texts.</summary>
    /// <param name="png">A PNG that has been checked.</param>
    /// <param name="texts">Keywords and texts, the last one with <see cref="OwnKeyword"/>.</param>
    internal static IReadOnlyList<ArraySegment<byte>> Embed(ArraySegment<byte> png, IEnumerable<(string Keyword, string Text)> texts) =>
    [
        Slice(png, 0, HeaderEnd),
        .. texts.Select(text => new ArraySegment<byte>(CreateChunk(text.Keyword, text.Text))),
        Slice(png, HeaderEnd, png.Count),
    ];

    /// <summary>Returns the parts of an image without the texts of <see cref="Embed"/>, as the service sent it.</summary>
    internal static IReadOnlyList<ArraySegment<byte>> Strip(ArraySegment<byte> image)
    {
        var chunks = new PngChunks(image);
        int end = HeaderEnd;
        bool isText = chunks.MoveNext() && chunks.Type.SequenceEqual("IHDR"u8);
        while (isText && chunks.MoveNext())
        {
            end += ChunkOverhead + chunks.Data.Length;
            isText = chunks.Type.SequenceEqual("tEXt"u8) || chunks.Type.SequenceEqual("iTXt"u8);
            if (isText && chunks.Data.StartsWith("FaceGen\0"u8)) return [Slice(image, 0, HeaderEnd), Slice(image, end, image.Count)];
        }

        return [image];
    }

    /// <summary>Returns a tEXt chunk, which all readers know, for a text in Latin-1; otherwise an iTXt chunk in UTF-8.</summary>
    private static byte[] CreateChunk(string keyword, string text)
    {
        text = text.Replace("\r\n", "\n");
        return text.All(IsLatin1)
            ? CreateChunk("tEXt"u8, Latin1.GetBytes($"{keyword}\0{text}"))
            // Not compressed, without a language, and without a translated keyword.
            : CreateChunk("iTXt"u8, Encoding.UTF8.GetBytes($"{keyword}\0\0\0\0\0{text}"));
    }

    private static byte[] CreateChunk(ReadOnlySpan<byte> type, byte[] data)
    {
        byte[] chunk = new byte[ChunkOverhead + data.Length];
        BinaryPrimitives.WriteInt32BigEndian(chunk, data.Length);
        type.CopyTo(chunk.AsSpan(4));
        data.CopyTo(chunk, 8);
        BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(8 + data.Length), Crc32.Compute(chunk.AsSpan(4, 4 + data.Length)));
        return chunk;
    }

    /// <summary>True for the characters that a tEXt chunk may contain.</summary>
    private static bool IsLatin1(char c) => c is '\n' or (>= ' ' and <= '~') or (>= '\u00A1' and <= '\u00FF');

    private static ArraySegment<byte> Slice(ArraySegment<byte> whole, int start, int end) =>
        new(whole.Array!, whole.Offset + start, end - start);
}
