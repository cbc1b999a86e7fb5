using System.Buffers.Binary;

namespace FaceGen.ImageFormats;

/// <summary>Enumerates the chunks of a WebP, or those inside one of its frames.</summary>
internal ref struct RiffChunks
{
    private const int HeaderLength = 8;

    private ReadOnlySpan<byte> _rest;

    internal RiffChunks(ReadOnlySpan<byte> chunks) => _rest = chunks;

    internal ReadOnlySpan<byte> Type { get; private set; }

    internal ReadOnlySpan<byte> Data { get; private set; }

    /// <summary>True if nothing follows the last chunk.</summary>
    internal readonly bool IsAtEnd => _rest.IsEmpty;

    /// <summary>Moves to the next chunk; false if no complete one follows.</summary>
    internal bool MoveNext()
    {
        if (_rest.Length < HeaderLength) return false;

        uint length = BinaryPrimitives.ReadUInt32LittleEndian(_rest.Slice(4));
        if (length > _rest.Length - HeaderLength) return false;

        Type = _rest.Slice(0, 4);
        Data = _rest.Slice(HeaderLength, (int)length);
        // A padding byte follows a chunk of odd length.
        _rest = _rest.Slice((int)Math.Min(_rest.Length, HeaderLength + length + (length & 1)));
        return true;
    }
}
