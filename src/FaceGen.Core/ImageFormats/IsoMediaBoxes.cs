using System.Buffers.Binary;

namespace FaceGen.ImageFormats;

/// <summary>
/// Reads the boxes of an AVIF or HEIC file (ISO/IEC 14496-12 and 23008-12). The data of its images is anywhere in the file, at
/// the positions in a table.
/// </summary>
internal static class IsoMediaBoxes
{
    /// <summary>Returns the size of the largest image; null if the tables are incomplete, or refer to missing data.</summary>
    internal static ImageSize? Read(ReadOnlySpan<byte> file)
    {
        ImageSize? size = null;
        bool hasData = false;
        var boxes = new IsoBoxes(file);
        while (boxes.MoveNext())
        {
            if (!boxes.Type.SequenceEqual("meta"u8) || boxes.Data.Length < 4) continue;

            // Version and flags come first.
            var children = new IsoBoxes(boxes.Data.Slice(4));
            while (children.MoveNext())
            {
                if (children.Type.SequenceEqual("iprp"u8)) size = ReadLargestSize(children.Data);
                if (children.Type.SequenceEqual("iloc"u8)) hasData = IsDataPresent(children.Data, file.Length);
            }
        }

        return hasData ? size : null;
    }

    /// <summary>Returns the largest of the sizes in the file; an image that consists of tiles is larger than each of them.</summary>
    private static ImageSize? ReadLargestSize(ReadOnlySpan<byte> properties)
    {
        ImageSize? largest = null;
        var boxes = new IsoBoxes(properties);
        while (boxes.MoveNext())
        {
            if (!boxes.Type.SequenceEqual("ipco"u8)) continue;

            var each = new IsoBoxes(boxes.Data);
            while (each.MoveNext())
            {
                if (!each.Type.SequenceEqual("ispe"u8) || each.Data.Length < 12) continue;

                var size = new ImageSize(BinaryPrimitives.ReadInt32BigEndian(each.Data.Slice(4)), BinaryPrimitives.ReadInt32BigEndian(each.Data.Slice(8)));
                if (largest is not { } other || (long)size.Width * size.Height > (long)other.Width * other.Height) largest = size;
            }
        }

        return largest;
    }

    /// <summary>True if the data of each image is within the file (the box <c>iloc</c>).</summary>
    private static bool IsDataPresent(ReadOnlySpan<byte> table, long fileLength)
    {
        var fields = new NumberReader(table);
        int version = (int)(fields.Read(4) >> 24);
        int sizes = (int)fields.Read(2);
        int offsetSize = sizes >> 12, lengthSize = (sizes >> 8) & 15, baseSize = (sizes >> 4) & 15, indexSize = version is 1 or 2 ? sizes & 15 : 0;
        long items = fields.Read(version < 2 ? 2 : 4);
        bool hasItem = false;
        for (long item = 0; item < items && !fields.IsPastEnd; item++)
        {
            fields.Read(version < 2 ? 2 : 4);
            long method = version is 1 or 2 ? fields.Read(2) & 15 : 0;
            fields.Read(2);
            long start = fields.Read(baseSize);
            long extents = fields.Read(2);
            // Extents without fields are all alike, and a small table could declare billions of them.
            if (offsetSize + lengthSize + indexSize == 0) extents = Math.Min(extents, 1);
            for (long extent = 0; extent < extents && !fields.IsPastEnd; extent++)
            {
                fields.Read(indexSize);
                long from = start + fields.Read(offsetSize), length = fields.Read(lengthSize);
                // Other methods refer to the table's own box, or to another item.
                if (method == 0 && (from < 0 || length < 0 || from >= fileLength || length > fileLength - from)) return false;
                hasItem = true;
            }
        }

        return hasItem && !fields.IsPastEnd;
    }

    /// <summary>Reads numbers whose lengths the file defines.</summary>
    private ref struct NumberReader(ReadOnlySpan<byte> bytes)
    {
        private ReadOnlySpan<byte> _rest = bytes;

        /// <summary>True if more was read than there is.</summary>
        internal bool IsPastEnd { get; private set; }

        internal long Read(int length)
        {
            if (length > _rest.Length)
            {
                IsPastEnd = true;
                return 0;
            }

            long value = 0;
            foreach (byte b in _rest.Slice(0, length)) value = (value << 8) | b;
            _rest = _rest.Slice(length);
            return value;
        }
    }
}

/// <summary>Enumerates the boxes of a file, or of another box (ISO/IEC 14496-12).</summary>
internal ref struct IsoBoxes
{
    private const int HeaderLength = 8, LargeHeaderLength = 16;

    private ReadOnlySpan<byte> _rest;

    internal IsoBoxes(ReadOnlySpan<byte> bytes) => _rest = bytes;

    internal ReadOnlySpan<byte> Type { get; private set; }

    internal ReadOnlySpan<byte> Data { get; private set; }

    /// <summary>True if nothing follows the last box that was read.</summary>
    internal readonly bool IsAtEnd => _rest.IsEmpty;

    /// <summary>Moves to the next box; false if no complete one follows.</summary>
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

        // The length 0 means that the last box extends to the end.
        if (length == 0) length = (ulong)_rest.Length;
        if (length < (ulong)head || length > (ulong)_rest.Length) return false;

        Type = _rest.Slice(4, 4);
        Data = _rest.Slice(head, (int)length - head);
        _rest = _rest.Slice((int)length);
        return true;
    }
}
