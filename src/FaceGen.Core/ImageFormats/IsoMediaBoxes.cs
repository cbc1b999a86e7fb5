using System.Buffers.Binary;

namespace FaceGen.ImageFormats;

/// <summary>
/// Follows the boxes of an AVIF or HEIC file (ISO/IEC 14496-12 and 23008-12): the images' data lies anywhere in the file,
/// and a table gives its position.
/// </summary>
internal static class IsoMediaBoxes
{
    /// <summary>Reads the tables of a file.</summary>
    /// <returns>The size of its largest image; null where the tables are not whole, or point to data that is not there.</returns>
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

    /// <summary>The sizes of all images in the file; an image made of tiles is larger than each of them.</summary>
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

    /// <summary>Whether each image's data lies within the file (the box <c>iloc</c>).</summary>
    private static bool IsDataPresent(ReadOnlySpan<byte> table, long fileLength)
    {
        var fields = new FieldReader(table);
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
            // Extents without fields are all alike; a small table could announce billions of them.
            if (offsetSize + lengthSize + indexSize == 0) extents = Math.Min(extents, 1);
            for (long extent = 0; extent < extents && !fields.IsPastEnd; extent++)
            {
                fields.Read(indexSize);
                long from = start + fields.Read(offsetSize), length = fields.Read(lengthSize);
                // Other methods point into the table's own box, or to another item.
                if (method == 0 && (from < 0 || length < 0 || from >= fileLength || length > fileLength - from)) return false;
                hasItem = true;
            }
        }

        return hasItem && !fields.IsPastEnd;
    }

    /// <summary>Numbers of lengths that the file chooses, one after the other.</summary>
    private ref struct FieldReader(ReadOnlySpan<byte> bytes)
    {
        private ReadOnlySpan<byte> _rest = bytes;

        /// <summary>Whether more was read than there is.</summary>
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
