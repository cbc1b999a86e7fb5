using System.Buffers.Binary;
using System.Text;

namespace FaceGen.ImageFormats;

/// <summary>
/// Puts text into a PNG, right behind its header, where also readers find it that stop at the pixels. All that was there
/// stays as it is, and nothing of it is copied.
/// </summary>
internal static class PngText
{
    /// <summary>What the last of the texts is called: it tells which are ours.</summary>
    internal const string OwnKeyword = "FaceGen";

    /// <summary>The signature and the header, which is always first and always of one length.</summary>
    private const int HeaderEnd = 33;

    private const int ChunkOverhead = 12;

    private static readonly Encoding Latin1 = Encoding.GetEncoding("iso-8859-1");

    /// <summary>The parts of the file that has the texts.</summary>
    /// <param name="png">A PNG that has been checked.</param>
    /// <param name="texts">Keywords and their texts, the last of them our own.</param>
    internal static IReadOnlyList<ArraySegment<byte>> Embed(ArraySegment<byte> png, IEnumerable<(string Keyword, string Text)> texts) =>
    [
        Slice(png, 0, HeaderEnd),
        .. texts.Select(text => new ArraySegment<byte>(CreateChunk(text.Keyword, text.Text))),
        Slice(png, HeaderEnd, png.Count),
    ];

    /// <summary>The parts of a picture without what <see cref="Embed"/> put there: those of the picture as it came.</summary>
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

    /// <summary>A tEXt chunk where Latin-1 holds the text, as the oldest readers know it; else an iTXt one, in UTF-8.</summary>
    private static byte[] CreateChunk(string keyword, string text)
    {
        text = text.Replace("\r\n", "\n");
        return text.All(IsLatin1)
            ? CreateChunk("tEXt"u8, Latin1.GetBytes($"{keyword}\0{text}"))
            // Not packed, in no language that is told, and with the keyword not translated.
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

    /// <summary>The characters that a tEXt chunk may hold.</summary>
    private static bool IsLatin1(char c) => c is '\n' or (>= ' ' and <= '~') or (>= '\u00A1' and <= '\u00FF');

    private static ArraySegment<byte> Slice(ArraySegment<byte> whole, int start, int end) =>
        new(whole.Array!, whole.Offset + start, end - start);
}
