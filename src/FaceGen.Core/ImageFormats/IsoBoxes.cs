using System.Buffers.Binary;

namespace FaceGen.ImageFormats;

/// <summary>The boxes of a file, or of another box (ISO/IEC 14496-12), each with its length, its type and its data.</summary>
internal ref struct IsoBoxes
{
    private const int HeaderLength = 8, LargeHeaderLength = 16;

    private ReadOnlySpan<byte> _rest;

    internal IsoBoxes(ReadOnlySpan<byte> bytes) => _rest = bytes;

    internal ReadOnlySpan<byte> Type { get; private set; }

    internal ReadOnlySpan<byte> Data { get; private set; }

    /// <summary>True if nothing follows the last box that was read.</summary>
    internal readonly bool IsAtEnd => _rest.IsEmpty;

    /// <summary>Moves to the next box; false where no whole one follows.</summary>
    internal bool MoveNext()
    {
        if (_rest.Length < HeaderLength) return false;

        ulong length = BinaryPrimitives.ReadUInt32BigEndian(_rest);
        int head = HeaderLength;
        if (length == 1 && _rest.Length >= LargeHeaderLength)
        {
            length = BinaryPrimitives.ReadUInt64BigEndian(_rest.Slice(HeaderLength));
            head = LargeHeaderLength;
        }

        // The last box may say only that it goes to the end.
        if (length == 0) length = (ulong)_rest.Length;
        if (length < (ulong)head || length > (ulong)_rest.Length) return false;

        Type = _rest.Slice(4, 4);
        Data = _rest.Slice(head, (int)length - head);
        _rest = _rest.Slice((int)length);
        return true;
    }
}
