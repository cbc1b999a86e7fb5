using System.Buffers.Binary;

namespace FaceGen.ImageFormats;

/// <summary>Reads the first directory of a TIFF, which contains the positions of its pixels.</summary>
internal readonly ref struct TiffDirectory
{
    private const int EntryLength = 12;
    private const int Width = 256, Height = 257, StripOffsets = 273, StripLengths = 279, TileOffsets = 324, TileLengths = 325;

    private readonly ReadOnlySpan<byte> _tiff;
    private readonly bool _isLittleEndian;

    private TiffDirectory(ReadOnlySpan<byte> tiff)
    {
        _tiff = tiff;
        _isLittleEndian = tiff[0] == 'I';
    }

    /// <summary>Returns the size of a TIFF; null if pixels are missing.</summary>
    internal static ImageSize? Read(ReadOnlySpan<byte> tiff) => tiff.Length < 8 ? null : new TiffDirectory(tiff).Read();

    private ImageSize? Read()
    {
        ReadOnlySpan<byte> directory = SliceAt(ReadUInt32(_tiff.Slice(4)));
        if (directory.Length < 2) return null;

        int entries = ReadUInt16(directory);
        if (directory.Length < 2 + (entries * EntryLength)) return null;

        ReadOnlySpan<byte> width = default, height = default, offsets = default, lengths = default;
        for (int i = 0; i < entries; i++)
        {
            ReadOnlySpan<byte> entry = directory.Slice(2 + (i * EntryLength), EntryLength);
            if (!AreValuesPresent(entry)) return null;

            switch (ReadUInt16(entry))
            {
                case Width: width = entry; break;
                case Height: height = entry; break;
                case StripOffsets or TileOffsets: offsets = entry; break;
                case StripLengths or TileLengths: lengths = entry; break;
            }
        }

        if (width.IsEmpty || height.IsEmpty || offsets.IsEmpty || lengths.IsEmpty) return null;

        uint count = ReadUInt32(offsets.Slice(4));
        if (count == 0 || count != ReadUInt32(lengths.Slice(4))) return null;

        for (uint i = 0; i < count; i++)
        {
            if (ReadValue(offsets, i) is not { } offset || ReadValue(lengths, i) is not { } length || (long)offset + length > _tiff.Length) return null;
        }

        return ReadValue(width, 0) is { } w and <= int.MaxValue && ReadValue(height, 0) is { } h and <= int.MaxValue ? new ImageSize((int)w, (int)h) : null;
    }

    /// <summary>True if the values of an entry are within the file: a file that was cut off can lack values that decoders need.</summary>
    private bool AreValuesPresent(ReadOnlySpan<byte> entry)
    {
        int size = ReadUInt16(entry.Slice(2)) switch { 1 or 2 or 6 or 7 => 1, 3 or 8 => 2, 4 or 9 or 11 => 4, 5 or 10 or 12 => 8, _ => 0 };
        long length = size * (long)ReadUInt32(entry.Slice(4));
        return length <= 4 || ReadUInt32(entry.Slice(8)) + length <= _tiff.Length;
    }

    /// <summary>Returns a value of an entry, which is in the entry itself if all values fit in four bytes; null if it is missing.</summary>
    private uint? ReadValue(ReadOnlySpan<byte> entry, uint index)
    {
        int size = ReadUInt16(entry.Slice(2)) switch { 3 => 2, 4 => 4, _ => 0 };
        long count = ReadUInt32(entry.Slice(4));
        if (size == 0 || index >= count) return null;

        ReadOnlySpan<byte> values = count * size <= 4 ? entry.Slice(8) : SliceAt(ReadUInt32(entry.Slice(8)));
        long at = (long)index * size;
        if (at + size > values.Length) return null;

        return size == 2 ? ReadUInt16(values.Slice((int)at)) : ReadUInt32(values.Slice((int)at));
    }

    private ReadOnlySpan<byte> SliceAt(uint offset) => offset < _tiff.Length ? _tiff.Slice((int)offset) : default;

    private ushort ReadUInt16(ReadOnlySpan<byte> bytes) =>
        _isLittleEndian ? BinaryPrimitives.ReadUInt16LittleEndian(bytes) : BinaryPrimitives.ReadUInt16BigEndian(bytes);

    private uint ReadUInt32(ReadOnlySpan<byte> bytes) =>
        _isLittleEndian ? BinaryPrimitives.ReadUInt32LittleEndian(bytes) : BinaryPrimitives.ReadUInt32BigEndian(bytes);
}
