using System.Buffers.Binary;

namespace FaceGen.ImageFormats;

/// <summary>
/// Reads the scans of a JPEG without computing pixels (ITU-T T.81, baseline and progressive). This distinguishes a file that
/// lacks only its end marker, or has other data behind it, from one that was cut off.
/// </summary>
internal ref struct JpegScans
{
    /// <summary>The largest number of scans that are read; encoders write about ten.</summary>
    private const int MaxScans = 100;

    private const int BlockSize = 8;
    private const int Coefficients = 64;

    /// <summary>
    /// The number of zero bytes at the end of a scan that more zeros follow, from which they are not the image's: a scan of one
    /// color may be all zeros, but a marker follows it.
    /// </summary>
    private const int MinZeros = 4;

    private readonly ReadOnlySpan<byte> _jpeg;
    private readonly Huffman?[] _dc = new Huffman?[4];
    private readonly Huffman?[] _ac = new Huffman?[4];
    private Component[] _components = [];
    private bool _isProgressive;
    private int _mcusX;
    private int _mcusY;
    private int _restartInterval;
    private int _position = 2;

    /// <summary>The bits that have been read from the file, the next one highest, and their number.</summary>
    private ulong _bits;
    private int _bitsLeft;

    /// <summary>The quantization tables that exist, one bit for each.</summary>
    private int _quantization;
    private bool _hasHuffmanTables;
    private JpegScanState _state = JpegScanState.Incomplete;

    /// <summary>The number of following blocks that have no more coefficients in this scan.</summary>
    private int _endOfBandRun;

    /// <summary>True if the data ended early, or is damaged.</summary>
    private bool _isDamaged;

    private JpegScans(ReadOnlySpan<byte> jpeg) => _jpeg = jpeg;

    /// <summary>True if each scan is complete to its last block, and the scans together contain the whole image.</summary>
    internal static JpegScanState Check(ReadOnlySpan<byte> jpeg)
    {
        var scans = new JpegScans(jpeg);
        scans.ReadSegments();
        return scans._state;
    }

    private void ReadSegments()
    {
        for (int scans = 0; TryReadMarker(out byte marker);)
        {
            // A second image can follow one without an end marker.
            if (marker is 0xD8 or 0xD9)
            {
                // A progressive image may lack its last scans, which only sharpen it.
                if (marker == 0xD9 && HasAllComponents(component => component.HasPixels)) _state = JpegScanState.Complete;
                return;
            }

            // These markers have no segment.
            if (marker is 0x01 or (>= 0xD0 and <= 0xD7)) continue;
            if (_position + 2 > _jpeg.Length) return;

            int length = BinaryPrimitives.ReadUInt16BigEndian(_jpeg.Slice(_position));
            if (length < 2 || _position + length > _jpeg.Length) return;

            ReadOnlySpan<byte> segment = _jpeg.Slice(_position + 2, length - 2);
            _position += length;
            bool isRead = marker switch
            {
                0xC0 or 0xC1 or 0xC2 => ReadFrame(segment, isProgressive: marker == 0xC2),
                0xC4 => ReadHuffmanTables(segment),
                // Lossless, hierarchical and arithmetic coding; no browser shows them.
                >= 0xC3 and <= 0xCF => FailAsUnsupported(),
                0xDB => ReadQuantizationTables(segment),
                0xDD => ReadRestartInterval(segment),
                // The images of some cameras rely on the standard's tables.
                0xDA when !_hasHuffmanTables => FailAsUnsupported(),
                0xDA => ++scans <= MaxScans && ReadScan(segment),
                _ => true,
            };
            if (!isRead) return;
            if (marker != 0xDA) continue;

            if (HasAllComponents(component => component.IsComplete))
            {
                _state = JpegScanState.Complete;
                return;
            }

            SkipToMarker();
        }
    }

    private bool FailAsUnsupported()
    {
        _state = JpegScanState.Unsupported;
        return false;
    }

    private readonly bool HasAllComponents(Predicate<Component> condition) => _components.Length > 0 && Array.TrueForAll(_components, condition);

    /// <summary>Skips the bytes that some encoders write after a scan.</summary>
    private void SkipToMarker()
    {
        while (_position + 1 < _jpeg.Length && (_jpeg[_position] != 0xFF || _jpeg[_position + 1] == 0)) _position++;
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
        if (!ImageInfo.IsPlausibleSize(width, height)) return false;

        var components = new Component[frame[5]];
        for (int i = 0; i < components.Length; i++)
        {
            ReadOnlySpan<byte> each = frame.Slice(6 + (3 * i), 3);
            components[i] = new Component(each[0], each[1] >> 4, each[1] & 15, each[2] & 3);
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

    private bool ReadHuffmanTables(ReadOnlySpan<byte> segment)
    {
        while (segment.Length >= 17)
        {
            int symbols = 0;
            foreach (byte count in segment.Slice(1, 16)) symbols += count;
            if ((segment[0] & 15) > 3 || segment[0] >> 4 > 1 || segment.Length < 17 + symbols) return false;

            (segment[0] >> 4 == 0 ? _dc : _ac)[segment[0] & 15] = new Huffman(segment.Slice(1, 16).ToArray(), segment.Slice(17, symbols).ToArray());
            segment = segment.Slice(17 + symbols);
            _hasHuffmanTables = true;
        }

        return segment.IsEmpty;
    }

    private bool ReadQuantizationTables(ReadOnlySpan<byte> segment)
    {
        while (!segment.IsEmpty)
        {
            int length = 1 + (Coefficients * (segment[0] >> 4 == 0 ? 1 : 2));
            if (segment.Length < length) return false;

            _quantization |= 1 << (segment[0] & 3);
            segment = segment.Slice(length);
        }

        return true;
    }

    private bool ReadScan(ReadOnlySpan<byte> header)
    {
        if (header.Length < 1 || header[0] is 0 or > 4 || header.Length < 4 + (2 * header[0])) return false;

        var components = new Component[header[0]];
        for (int i = 0; i < components.Length; i++)
        {
            byte id = header[1 + (2 * i)], tables = header[2 + (2 * i)];
            if (Array.Find(_components, component => component.Id == id) is not { } found || (tables & 0x0F) > 3 || tables >> 4 > 3) return false;
            if ((_quantization >> found.Quantization & 1) == 0) return false;

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
            component.HasPixels |= scan.From == 0;
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
        int start = _position;
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

        ReturnBytes();
        if (!IsZeroFilled(start)) return true;

        _state = JpegScanState.ZeroFilled;
        return false;
    }

    /// <summary>True if the scan ends in zeros that go on behind it.</summary>
    private readonly bool IsZeroFilled(int start) => _position < _jpeg.Length && _jpeg[_position] == 0
        && ImageFault.CountEndingZeros(_jpeg.Slice(start, _position - start)) >= MinZeros;

    private bool TryRestart()
    {
        ReturnBytes();
        _endOfBandRun = 0;
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
        int next = PeekBits(Huffman.MaxLength);
        if (table is not null && table.TryFind(next, out int length, out byte symbol))
        {
            SkipBits(length);
            return symbol;
        }

        _isDamaged = true;
        return 0;
    }

    private int ReadBits(int bits)
    {
        int value = PeekBits(bits);
        SkipBits(bits);
        return value;
    }

    /// <summary>Returns up to 16 of the next bits; zeros replace those behind the end of the scan.</summary>
    private int PeekBits(int bits)
    {
        if (_bitsLeft < bits) ReadBytes();
        ulong value = _bitsLeft < bits ? _bits << (bits - _bitsLeft) : _bits >> (_bitsLeft - bits);
        return (int)(value & ((1UL << bits) - 1));
    }

    private void SkipBits(int bits)
    {
        if (_bitsLeft < bits) ReadBytes();
        _bitsLeft -= bits;
        if (_bitsLeft >= 0) return;

        (_bitsLeft, _isDamaged) = (0, true);
    }

    /// <summary>Reads as many bytes of the scan as fit into the buffer.</summary>
    private void ReadBytes()
    {
        for (; _bitsLeft <= 48 && _position < _jpeg.Length; _bitsLeft += 8)
        {
            byte next = _jpeg[_position];
            if (next == 0xFF)
            {
                // Inside a scan 0xFF is followed by 0; another byte means that the scan has ended.
                if (_position + 1 >= _jpeg.Length || _jpeg[_position + 1] != 0) return;
                _position++;
            }

            _position++;
            _bits = (_bits << 8) | next;
        }
    }

    /// <summary>Ends a byte that was read in part, and returns to the position of the first one that was not.</summary>
    private void ReturnBytes()
    {
        for (; _bitsLeft >= 8; _bitsLeft -= 8)
            _position -= _jpeg[_position - 1] == 0 && _jpeg[_position - 2] == 0xFF ? 2 : 1;
        _bitsLeft = 0;
    }

    private static int DivideRoundingUp(int value, int divisor) => (value + divisor - 1) / divisor;

    /// <summary>The part of each block that a scan contains.</summary>
    /// <param name="From">The first coefficient.</param>
    /// <param name="To">The last coefficient.</param>
    /// <param name="IsFirst">True if it is the first scan of these coefficients.</param>
    /// <param name="IsLast">True if it contains their lowest bits.</param>
    private readonly record struct Scan(int From, int To, bool IsFirst, bool IsLast);

    private sealed class Component(byte id, int horizontalSampling, int verticalSampling, int quantization)
    {
        internal ulong Ignored;

        internal byte Id { get; } = id;

        internal int HorizontalSampling { get; } = horizontalSampling;

        internal int VerticalSampling { get; } = verticalSampling;

        /// <summary>Gets the number of the component's quantization table.</summary>
        internal int Quantization { get; } = quantization;

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

        /// <summary>Gets or sets whether a scan contained the color of each block.</summary>
        internal bool HasPixels { get; set; }
    }

    /// <summary>A Huffman table: the codes of one length are consecutive.</summary>
    private sealed class Huffman
    {
        internal const int MaxLength = 16;

        /// <summary>The length of codes that are found in one step; few codes of an image are longer.</summary>
        private const int ShortLength = 9;

        private readonly byte[] _counts;
        private readonly byte[] _symbols;
        private readonly int[] _firstCodes = new int[MaxLength];
        private readonly int[] _firstSymbols = new int[MaxLength];

        /// <summary>The length and the symbol by the next bits; 0 for a longer code.</summary>
        private readonly ushort[] _shortCodes = new ushort[1 << ShortLength];

        internal Huffman(byte[] counts, byte[] symbols)
        {
            (_counts, _symbols) = (counts, symbols);
            for (int length = 1; length < MaxLength; length++)
            {
                _firstCodes[length] = (_firstCodes[length - 1] + counts[length - 1]) << 1;
                _firstSymbols[length] = _firstSymbols[length - 1] + counts[length - 1];
            }

            for (int next = 0; next < _shortCodes.Length; next++)
            {
                if (TrySearch(next << (MaxLength - ShortLength), 1, ShortLength, out int length, out byte symbol))
                    _shortCodes[next] = (ushort)((length << 8) | symbol);
            }
        }

        /// <summary>Finds the symbol whose code the next bits begin with.</summary>
        internal bool TryFind(int next, out int length, out byte symbol)
        {
            int found = _shortCodes[next >> (MaxLength - ShortLength)];
            (length, symbol) = (found >> 8, (byte)found);
            return found != 0 || TrySearch(next, ShortLength + 1, MaxLength, out length, out symbol);
        }

        private bool TrySearch(int next, int from, int to, out int length, out byte symbol)
        {
            for (length = from; length <= to; length++)
            {
                int index = (next >> (MaxLength - length)) - _firstCodes[length - 1];
                if (index < 0 || index >= _counts[length - 1]) continue;

                symbol = _symbols[_firstSymbols[length - 1] + index];
                return true;
            }

            symbol = 0;
            return false;
        }
    }
}

/// <summary>Specifies whether the scans of a JPEG contain the whole image.</summary>
internal enum JpegScanState
{
    /// <summary>Every pixel is there.</summary>
    Complete,

    /// <summary>Pixels are missing or damaged.</summary>
    Incomplete,

    /// <summary>Zeros replace the end of a scan.</summary>
    ZeroFilled,

    /// <summary>The scans have a coding that FaceGen does not read.</summary>
    Unsupported,
}
