using System.Buffers.Binary;

namespace FaceGen.ImageFormats;

/// <summary>Enumerates the chunks of a PNG up to IEND, and checks the sum of each.</summary>
internal ref struct PngChunks
{
    private const int SignatureLength = 8;
    private const int ChunkOverhead = 12;

    private ReadOnlySpan<byte> _rest;

    internal PngChunks(ReadOnlySpan<byte> png) => _rest = png.Length > SignatureLength ? png.Slice(SignatureLength) : default;

    internal ReadOnlySpan<byte> Type { get; private set; }

    internal ReadOnlySpan<byte> Data { get; private set; }

    /// <summary>True if the enumeration ended at a chunk with a wrong sum, whose type is <see cref="Type"/>.</summary>
    internal bool HasWrongSum { get; private set; }

    /// <summary>Moves to the next chunk; false if none follows that is complete and has the correct sum.</summary>
    internal bool MoveNext()
    {
        if (_rest.Length < ChunkOverhead) return false;

        uint length = BinaryPrimitives.ReadUInt32BigEndian(_rest);
        if (length > _rest.Length - ChunkOverhead) return false;

        ReadOnlySpan<byte> summed = _rest.Slice(4, 4 + (int)length);
        if (Crc32.Compute(summed) != BinaryPrimitives.ReadUInt32BigEndian(_rest.Slice(8 + (int)length)))
        {
            // Other data behind a PNG without an end marker is not a chunk.
            HasWrongSum = IsChunkType(summed.Slice(0, 4));
            if (HasWrongSum) Type = summed.Slice(0, 4);
            return false;
        }

        Type = summed.Slice(0, 4);
        Data = summed.Slice(4);
        _rest = _rest.Slice(ChunkOverhead + (int)length);
        return true;
    }

    /// <summary>True if a type has only letters, as each chunk's has.</summary>
    private static bool IsChunkType(ReadOnlySpan<byte> type)
    {
        foreach (byte letter in type)
        {
            if ((letter | 0x20) is not (>= (byte)'a' and <= (byte)'z')) return false;
        }

        return true;
    }
}
