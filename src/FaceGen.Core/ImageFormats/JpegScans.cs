using System.Buffers.Binary;

namespace FaceGen.ImageFormats;

/// <summary>
/// Reads the scans of a JPEG without computing pixels (ITU-T T.81, baseline and progressive). This distinguishes a file that
/// lacks only its end marker from one that was cut off.
/// </summary>
internal ref struct JpegScans
{
    /// <summary>The largest number of scans that are read; encoders write about ten.</summary>
    private const int MaxScans = 100;

    private const int BlockSize = 8;
    private const int Coefficients = 64;

    private readonly ReadOnlySpan<byte> _jpeg;
    private readonly Huffman?[] _dc = new Huffman?[4];
    private readonly Huffman?[] _ac = new Huffman?[4];
    private Component[] _components = [];
    private bool _isProgressive;
    private int _mcusX;
    private int _mcusY;
    private int _restartInterval;
    private int _position = 2;
    private int _byte;
    private int _bitsLeft;

    /// <summary>The number of following blocks that have no more coefficients in this scan.</summary>
    private int _endOfBandRun;

    /// <summary>True if the data ended early, or is damaged.</summary>
    private bool _isDamaged;

    private JpegScans(ReadOnlySpan<byte> jpeg) => _jpeg = jpeg;

    /// <summary>True if each scan is complete to its last block, and the scans together contain the whole image.</summary>
    /// <param name="jpeg">The file; its size has been checked.</param>
    internal static bool AreComplete(ReadOnlySpan<byte> jpeg) => new JpegScans(jpeg).ReadSegments();

    private bool ReadSegments()
    {
        for (int scans = 0; TryReadMarker(out byte marker) && marker != 0xD9;)
        {
            if (_position + 2 > _jpeg.Length) return false;

            int length = BinaryPrimitives.ReadUInt16BigEndian(_jpeg.Slice(_position));
            if (length < 2 || _position + length > _jpeg.Length) return false;

            ReadOnlySpan<byte> segment = _jpeg.Slice(_position + 2, length - 2);
            _position += length;
            bool isRead = marker switch
            {
                0xC0 or 0xC1 or 0xC2 => ReadFrame(segment, isProgressive: marker == 0xC2),
                0xC4 => ReadTables(segment),
                // Lossless, hierarchical and arithmetic coding are not supported; no browser shows them.
                >= 0xC3 and <= 0xCF => false,
                0xDD => ReadRestartInterval(segment),
                0xDA => ++scans <= MaxScans && ReadScan(segment),
                _ => true,
            };
            if (!isRead) return false;
        }

        return _components.Length > 0 && Array.TrueForAll(_components, component => component.IsComplete);
    }

    /// <summary>Reads the next marker; false if there is none.</summary>
    private bool TryReadMarker(out byte marker)
    {
        marker = 0;
        if (_position >= _jpeg.Length || _jpeg[_position] != 0xFF) return false;

        while (_position < _jpeg.Length && _jpeg[_position] == 0xFF) _position++;
        if (_position >= _jpeg.Length) return false;

        marker = _jpeg[_position++];
        return true;
    }

    private bool ReadRestartInterval(ReadOnlySpan<byte> segment)
    {
        if (segment.Length < 2) return false;

        _restartInterval = BinaryPrimitives.ReadUInt16BigEndian(segment);
        return true;
    }

    private bool ReadFrame(ReadOnlySpan<byte> frame, bool isProgressive)
    {
        if (_components.Length > 0 || frame.Length < 6 || frame[5] is 0 or > 4 || frame.Length < 6 + (3 * frame[5])) return false;

        _isProgressive = isProgressive;
        int height = BinaryPrimitives.ReadUInt16BigEndian(frame.Slice(1)), width = BinaryPrimitives.ReadUInt16BigEndian(frame.Slice(3));
        var components = new Component[frame[5]];
        for (int i = 0; i < components.Length; i++)
        {
            ReadOnlySpan<byte> each = frame.Slice(6 + (3 * i), 3);
            components[i] = new Component(each[0], each[1] >> 4, each[1] & 15);
            if (components[i].HorizontalSampling is 0 or > 4 || components[i].VerticalSampling is 0 or > 4) return false;
        }

        int mostAcross = components.Max(component => component.HorizontalSampling), mostDown = components.Max(component => component.VerticalSampling);
        _mcusX = DivideRoundingUp(width, BlockSize * mostAcross);
        _mcusY = DivideRoundingUp(height, BlockSize * mostDown);
        foreach (Component component in components)
        {
            component.BlocksX = DivideRoundingUp(DivideRoundingUp(width * component.HorizontalSampling, mostAcross), BlockSize);
            component.BlocksY = DivideRoundingUp(DivideRoundingUp(height * component.VerticalSampling, mostDown), BlockSize);
            component.Stride = _mcusX * component.HorizontalSampling;
            if (isProgressive) component.NonZero = new ulong[component.Stride * _mcusY * component.VerticalSampling];
        }

        _components = components;
        return true;
    }

    private readonly bool ReadTables(ReadOnlySpan<byte> segment)
    {
        while (segment.Length >= 17)
        {
            int symbols = 0;
            foreach (byte count in segment.Slice(1, 16)) symbols += count;
            if ((segment[0] & 15) > 3 || segment[0] >> 4 > 1 || segment.Length < 17 + symbols) return false;

            (segment[0] >> 4 == 0 ? _dc : _ac)[segment[0] & 15] = new Huffman(segment.Slice(1, 16).ToArray(), segment.Slice(17, symbols).ToArray());
            segment = segment.Slice(17 + symbols);
        }

        return segment.IsEmpty;
    }

    private bool ReadScan(ReadOnlySpan<byte> header)
    {
        if (header.Length < 1 || header[0] is 0 or > 4 || header.Length < 4 + (2 * header[0])) return false;

        var components = new Component[header[0]];
        for (int i = 0; i < components.Length; i++)
        {
            byte id = header[1 + (2 * i)], tables = header[2 + (2 * i)];
            if (Array.Find(_components, component => component.Id == id) is not { } found || (tables & 0x0F) > 3 || tables >> 4 > 3) return false;

            (found.Dc, found.Ac) = (_dc[tables >> 4], _ac[tables & 0x0F]);
            components[i] = found;
        }

        ReadOnlySpan<byte> range = header.Slice(1 + (2 * components.Length));
        var scan = _isProgressive
            ? new Scan(range[0], range[1], IsFirst: range[2] >> 4 == 0, IsLast: (range[2] & 15) == 0)
            : new Scan(0, Coefficients - 1, IsFirst: true, IsLast: true);
        bool isPossible = scan.To < Coefficients && scan.From <= scan.To
            && (!_isProgressive || (scan.From == 0 ? scan.To == 0 : components.Length == 1));
        if (!isPossible || !ReadUnits(components, scan)) return false;

        foreach (Component component in components)
        {
            for (int k = scan.From; scan.IsLast && k <= scan.To; k++) component.CompleteCoefficients |= 1UL << k;
        }

        return true;
    }

    private bool ReadUnits(Component[] components, Scan scan)
    {
        // A scan of one component has its blocks in rows; a scan of several has them in groups that cover the same pixels.
        bool isSingle = components.Length == 1;
        int across = isSingle ? components[0].BlocksX : _mcusX, units = across * (isSingle ? components[0].BlocksY : _mcusY);
        (_bitsLeft, _endOfBandRun) = (0, 0);
        for (int unit = 0; unit < units; unit++)
        {
            if (_restartInterval > 0 && unit > 0 && unit % _restartInterval == 0 && !TryRestart()) return false;

            int x = unit % across, y = unit / across;
            foreach (Component component in components)
            {
                int blocks = isSingle ? 1 : component.HorizontalSampling * component.VerticalSampling;
                for (int block = 0; block < blocks; block++)
                {
                    int column = isSingle ? x : (x * component.HorizontalSampling) + (block % component.HorizontalSampling);
                    int row = isSingle ? y : (y * component.VerticalSampling) + (block / component.HorizontalSampling);
                    ReadBlock(component, (row * component.Stride) + column, scan);
                    if (_isDamaged) return false;
                }
            }
        }

        _bitsLeft = 0;
        return true;
    }

    private bool TryRestart()
    {
        (_bitsLeft, _endOfBandRun) = (0, 0);
        return TryReadMarker(out byte marker) && marker is >= 0xD0 and <= 0xD7;
    }

    private void ReadBlock(Component component, int block, Scan scan)
    {
        if (!_isProgressive)
        {
            SkipBits(DecodeSymbol(component.Dc));
            ReadCoefficients(component.Ac, 1, Coefficients - 1, ref component.Ignored);
        }
        else if (scan.From == 0)
        {
            SkipBits(scan.IsFirst ? DecodeSymbol(component.Dc) : 1);
        }
        else if (scan.IsFirst)
        {
            if (_endOfBandRun > 0) _endOfBandRun--;
            else ReadCoefficients(component.Ac, scan.From, scan.To, ref component.NonZero[block]);
        }
        else
        {
            RefineCoefficients(component.Ac, scan.From, scan.To, ref component.NonZero[block]);
        }
    }

    private void ReadCoefficients(Huffman? table, int from, int to, ref ulong nonZero)
    {
        for (int k = from; k <= to && !_isDamaged; k++)
        {
            int symbol = DecodeSymbol(table), zeros = symbol >> 4, bits = symbol & 15;
            if (bits == 0 && zeros < 15)
            {
                // Only a progressive scan has runs of blocks that end here.
                _endOfBandRun = _isProgressive ? (1 << zeros) + ReadBits(zeros) - 1 : 0;
                return;
            }

            k += zeros;
            if (bits == 0) continue;
            if (k > to) _isDamaged = true;
            SkipBits(bits);
            nonZero |= 1UL << (k & (Coefficients - 1));
        }
    }

    /// <summary>Reads one more bit of each coefficient that is not zero, and new coefficients between them.</summary>
    private void RefineCoefficients(Huffman? table, int from, int to, ref ulong nonZero)
    {
        int k = from;
        while (k <= to && _endOfBandRun == 0 && !_isDamaged)
        {
            int symbol = DecodeSymbol(table), zeros = symbol >> 4;
            bool isNew = (symbol & 15) != 0;
            if (!isNew && zeros < 15)
            {
                _endOfBandRun = (1 << zeros) + ReadBits(zeros);
                break;
            }

            if (isNew) SkipBits(1);
            for (; k <= to; k++)
            {
                if ((nonZero >> k & 1) != 0) SkipBits(1);
                else if (zeros-- == 0) break;
            }

            if (isNew && k <= to) nonZero |= 1UL << k;
            k++;
        }

        if (_endOfBandRun == 0) return;

        for (; k <= to; k++)
        {
            if ((nonZero >> k & 1) != 0) SkipBits(1);
        }

        _endOfBandRun--;
    }

    private int DecodeSymbol(Huffman? table)
    {
        int code = 0;
        for (int length = 0; table is not null && length < Huffman.MaxLength; length++)
        {
            code = (code << 1) | ReadBit();
            if (table.TryFind(length, code, out byte symbol)) return symbol;
        }

        _isDamaged = true;
        return 0;
    }

    private int ReadBits(int bits)
    {
        int value = 0;
        for (int i = 0; i < bits; i++) value = (value << 1) | ReadBit();
        return value;
    }

    private void SkipBits(int bits)
    {
        for (int i = 0; i < bits; i++) ReadBit();
    }

    private int ReadBit()
    {
        if (_bitsLeft == 0)
        {
            // Inside a scan 0xFF is followed by 0; another byte means that the scan has ended.
            bool isStuffed = _position + 1 < _jpeg.Length && _jpeg[_position] == 0xFF && _jpeg[_position + 1] == 0;
            if (_position >= _jpeg.Length || (_jpeg[_position] == 0xFF && !isStuffed))
            {
                _isDamaged = true;
                return 0;
            }

            _byte = _jpeg[_position];
            _position += isStuffed ? 2 : 1;
            _bitsLeft = 8;
        }

        return (_byte >> --_bitsLeft) & 1;
    }

    private static int DivideRoundingUp(int value, int divisor) => (value + divisor - 1) / divisor;

    /// <summary>The part of each block that a scan contains.</summary>
    /// <param name="From">The first coefficient.</param>
    /// <param name="To">The last coefficient.</param>
    /// <param name="IsFirst">True if it is the first scan of these coefficients.</param>
    /// <param name="IsLast">True if it contains their lowest bits.</param>
    private readonly record struct Scan(int From, int To, bool IsFirst, bool IsLast);

    private sealed class Component(byte id, int horizontalSampling, int verticalSampling)
    {
        internal ulong Ignored;

        internal byte Id { get; } = id;

        internal int HorizontalSampling { get; } = horizontalSampling;

        internal int VerticalSampling { get; } = verticalSampling;

        internal int BlocksX { get; set; }

        internal int BlocksY { get; set; }

        internal int Stride { get; set; }

        internal Huffman? Dc { get; set; }

        internal Huffman? Ac { get; set; }

        /// <summary>Gets the coefficients that are not zero, for each block.</summary>
        internal ulong[] NonZero { get; set; } = [];

        /// <summary>Gets the coefficients that have been read to their lowest bits.</summary>
        internal ulong CompleteCoefficients { get; set; }

        internal bool IsComplete => CompleteCoefficients == ulong.MaxValue;
    }

    /// <summary>A Huffman table: the codes of one length are consecutive.</summary>
    private sealed class Huffman
    {
        internal const int MaxLength = 16;

        private readonly byte[] _counts;
        private readonly byte[] _symbols;
        private readonly int[] _firstCodes = new int[MaxLength];
        private readonly int[] _firstSymbols = new int[MaxLength];

        internal Huffman(byte[] counts, byte[] symbols)
        {
            (_counts, _symbols) = (counts, symbols);
            for (int length = 1; length < MaxLength; length++)
            {
                _firstCodes[length] = (_firstCodes[length - 1] + counts[length - 1]) << 1;
                _firstSymbols[length] = _firstSymbols[length - 1] + counts[length - 1];
            }
        }

        /// <summary>Finds the symbol of a code, whose length is one more than <paramref name="length"/>.</summary>
        internal bool TryFind(int length, int code, out byte symbol)
        {
            int index = code - _firstCodes[length];
            bool isFound = index >= 0 && index < _counts[length];
            symbol = isFound ? _symbols[_firstSymbols[length] + index] : (byte)0;
            return isFound;
        }
    }
}
