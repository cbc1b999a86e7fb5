namespace FaceGen.ImageFormats;

/// <summary>
/// Reads the pixels of a lossless WebP without computing their colors (WebP Lossless Bitstream Specification), to check that all of
/// them are there. The bytes alone do not show it: pixels of one color may be compressed to nothing but zeros.
/// </summary>
internal ref struct WebPLosslessPixels
{
    private const int HeaderLength = 5;
    private const int Literals = 256, LengthSymbols = 24, DistanceSymbols = 40;

    /// <summary>The codes of a group: green and lengths, red, blue, opacity, distances.</summary>
    private const int CodesPerGroup = 5;

    private const int MaxCacheBits = 11;

    /// <summary>The number of zeros behind the pixels from which they are not padding.</summary>
    private const int MinZeros = 8;

    /// <summary>The order in which the lengths of the codes of code lengths are stored.</summary>
    private static readonly byte[] LengthOrder = [17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

    /// <summary>The rows up (high 4 bits), and 8 less the columns to the left (low 4 bits), of short distances.</summary>
    private static readonly byte[] NearDistances =
    [
        0x18, 0x07, 0x17, 0x19, 0x28, 0x06, 0x27, 0x29, 0x16, 0x1a, 0x26, 0x2a, 0x38, 0x05, 0x37, 0x39, 0x15, 0x1b, 0x36, 0x3a,
        0x25, 0x2b, 0x48, 0x04, 0x47, 0x49, 0x14, 0x1c, 0x35, 0x3b, 0x46, 0x4a, 0x24, 0x2c, 0x58, 0x45, 0x4b, 0x34, 0x3c, 0x03,
        0x57, 0x59, 0x13, 0x1d, 0x56, 0x5a, 0x23, 0x2d, 0x44, 0x4c, 0x55, 0x5b, 0x33, 0x3d, 0x68, 0x02, 0x67, 0x69, 0x12, 0x1e,
        0x66, 0x6a, 0x22, 0x2e, 0x54, 0x5c, 0x43, 0x4d, 0x65, 0x6b, 0x32, 0x3e, 0x78, 0x01, 0x77, 0x79, 0x53, 0x5d, 0x11, 0x1f,
        0x64, 0x6c, 0x42, 0x4e, 0x76, 0x7a, 0x21, 0x2f, 0x75, 0x7b, 0x31, 0x3f, 0x63, 0x6d, 0x52, 0x5e, 0x00, 0x74, 0x7c, 0x41,
        0x4f, 0x10, 0x20, 0x62, 0x6e, 0x30, 0x73, 0x7d, 0x51, 0x5f, 0x40, 0x72, 0x7e, 0x61, 0x6f, 0x50, 0x71, 0x7f, 0x60, 0x70,
    ];

    private readonly ReadOnlySpan<byte> _data;
    private int _position = HeaderLength;

    /// <summary>The bits that have been read from the data, the next one lowest, and their number.</summary>
    private ulong _bits;
    private int _bitsLeft;

    /// <summary>True if the data ended early, or is damaged.</summary>
    private bool _isDamaged;

    private WebPLosslessPixels(ReadOnlySpan<byte> data) => _data = data;

    /// <summary>Returns the fault of pixels; null if all of them are there.</summary>
    /// <param name="data">The data of a VP8L chunk, whose header has been checked.</param>
    /// <param name="size">The size that the header declares.</param>
    internal static string? FindFault(ReadOnlySpan<byte> data, ImageSize size)
    {
        var pixels = new WebPLosslessPixels(data);
        pixels.ReadPixels(size.Width, size.Height);
        if (pixels._isDamaged) return ImageFault.CutOffOrDamaged;

        int unread = data.Length - pixels._position + (pixels._bitsLeft / 8);
        return unread >= MinZeros && ImageFault.CountEndingZeros(data) >= unread ? ImageFault.ZeroFilled : null;
    }

    private void ReadPixels(int width, int height)
    {
        for (int known = 0; ReadBits(1) == 1 && !_isDamaged;)
        {
            int kind = ReadBits(2);
            // Each transform occurs at most once.
            if ((known >> kind & 1) != 0) _isDamaged = true;
            known |= 1 << kind;
            switch (kind)
            {
                case 0 or 1:
                    int blockBits = ReadBits(3) + 2;
                    ReadImage(DivideRoundingUp(width, blockBits), DivideRoundingUp(height, blockBits), isMain: false, []);
                    break;
                case 3:
                    int colors = ReadBits(8) + 1;
                    ReadImage(colors, 1, isMain: false, []);
                    // Several pixels of few colors share one value.
                    width = DivideRoundingUp(width, colors switch { <= 2 => 3, <= 4 => 2, <= 16 => 1, _ => 0 });
                    break;
            }
        }

        if (!_isDamaged) ReadImage(width, height, isMain: true, []);
    }

    /// <summary>Reads an image: the main one, or one of the values that it refers to.</summary>
    /// <param name="width">The width.</param>
    /// <param name="height">The height.</param>
    /// <param name="isMain">True for the main image, which can have several groups of codes.</param>
    /// <param name="pixels">Receives the pixels; empty if they do not matter.</param>
    private void ReadImage(int width, int height, bool isMain, uint[] pixels)
    {
        int cacheBits = ReadBits(1) == 1 ? ReadBits(4) : 0;
        if (cacheBits > MaxCacheBits) _isDamaged = true;
        if (_isDamaged) return;

        int groupBits = 0, groups = 1;
        uint[] groupByBlock = [];
        if (isMain && ReadBits(1) == 1)
        {
            groupBits = ReadBits(3) + 2;
            (int columns, int rows) = (DivideRoundingUp(width, groupBits), DivideRoundingUp(height, groupBits));
            groupByBlock = new uint[columns * rows];
            ReadImage(columns, rows, isMain: false, groupByBlock);
            for (int i = 0; i < groupByBlock.Length; i++)
            {
                groupByBlock[i] = (groupByBlock[i] >> 8) & 0xFFFF;
                groups = Math.Max(groups, (int)groupByBlock[i] + 1);
            }
        }

        int cacheSize = cacheBits == 0 ? 0 : 1 << cacheBits;
        var codes = new WebPPrefixCode[groups * CodesPerGroup];
        for (int i = 0; i < codes.Length && !_isDamaged; i++)
            codes[i] = ReadCode((i % CodesPerGroup) switch { 0 => Literals + LengthSymbols + cacheSize, 4 => DistanceSymbols, _ => Literals });

        var cache = new uint[pixels.Length == 0 ? 0 : cacheSize];
        int total = width * height, x = 0, y = 0, blocksAcross = DivideRoundingUp(width, groupBits);
        for (int at = 0; at < total && !_isDamaged;)
        {
            int group = groupByBlock.Length == 0 ? 0 : CodesPerGroup * (int)groupByBlock[((y >> groupBits) * blocksAcross) + (x >> groupBits)];
            int symbol = ReadSymbol(codes[group]), length = 1, distance = 0;
            uint pixel = 0;
            if (symbol < Literals)
            {
                int red = ReadSymbol(codes[group + 1]), blue = ReadSymbol(codes[group + 2]), opacity = ReadSymbol(codes[group + 3]);
                pixel = ((uint)opacity << 24) | ((uint)red << 16) | ((uint)symbol << 8) | (uint)blue;
            }
            else if (symbol < Literals + LengthSymbols)
            {
                length = ReadLength(symbol - Literals);
                distance = ToDistance(ReadLength(ReadSymbol(codes[group + 4])), width);
                if (distance > at || length > total - at) _isDamaged = true;
            }
            else if (cache.Length > 0)
            {
                pixel = cache[symbol - Literals - LengthSymbols];
            }

            for (int i = at; i < at + length && i < pixels.Length && !_isDamaged; i++)
            {
                pixels[i] = distance == 0 ? pixel : pixels[i - distance];
                if (cache.Length > 0) cache[(0x1E35A7BDu * pixels[i]) >> (32 - cacheBits)] = pixels[i];
            }

            at += length;
            for (x += length; x >= width; x -= width) y++;
        }
    }

    /// <summary>Reads a length or a distance, whose symbol has the highest bits.</summary>
    private int ReadLength(int symbol)
    {
        if (symbol < 4) return symbol + 1;

        int bits = (symbol - 2) >> 1;
        return ((2 + (symbol & 1)) << bits) + ReadBits(bits) + 1;
    }

    /// <summary>Returns the number of pixels of a distance, which can be one of rows and columns.</summary>
    private static int ToDistance(int code, int width)
    {
        if (code > NearDistances.Length) return code - NearDistances.Length;

        int near = NearDistances[code - 1];
        return Math.Max(1, ((near >> 4) * width) + 8 - (near & 15));
    }

    private WebPPrefixCode ReadCode(int symbols)
    {
        byte[] lengths = new byte[symbols];
        if (ReadBits(1) == 1)
        {
            int count = ReadBits(1) + 1;
            SetLength(lengths, ReadBits(ReadBits(1) == 1 ? 8 : 1));
            if (count == 2) SetLength(lengths, ReadBits(8));
        }
        else
        {
            ReadCodeLengths(lengths);
        }

        return CreateCode(lengths);
    }

    private void SetLength(byte[] lengths, int symbol)
    {
        if (symbol < lengths.Length) lengths[symbol] = 1;
        else _isDamaged = true;
    }

    private WebPPrefixCode CreateCode(byte[] lengths)
    {
        var code = new WebPPrefixCode(lengths);
        if (!code.IsValid) _isDamaged = true;
        return code;
    }

    /// <summary>Reads the lengths of the codes of symbols, which are compressed too.</summary>
    private void ReadCodeLengths(byte[] lengths)
    {
        byte[] lengthsOfLengths = new byte[LengthOrder.Length];
        int count = ReadBits(4) + 4;
        for (int i = 0; i < count; i++) lengthsOfLengths[LengthOrder[i]] = (byte)ReadBits(3);
        WebPPrefixCode code = CreateCode(lengthsOfLengths);

        int codes = ReadBits(1) == 1 ? 2 + ReadBits(2 + (2 * ReadBits(3))) : lengths.Length;
        if (codes > lengths.Length) _isDamaged = true;
        byte last = 8;
        for (int symbol = 0; symbol < lengths.Length && codes > 0 && !_isDamaged; codes--)
        {
            int length = ReadSymbol(code);
            int repeats = length switch { 16 => ReadBits(2) + 3, 17 => ReadBits(3) + 3, 18 => ReadBits(7) + 11, _ => 1 };
            byte value = length < 16 ? (byte)length : length == 16 ? last : (byte)0;
            if (length is > 0 and < 16) last = value;
            if (repeats > lengths.Length - symbol) _isDamaged = true;
            for (; repeats > 0 && !_isDamaged; repeats--) lengths[symbol++] = value;
        }
    }

    private int ReadSymbol(WebPPrefixCode code)
    {
        if (_isDamaged) return 0;
        if (_bitsLeft < WebPPrefixCode.MaxLength) ReadBytes();

        int symbol = code.Find((int)(_bits & ((1 << WebPPrefixCode.MaxLength) - 1)), out int length);
        ReadBits(length);
        return symbol;
    }

    private int ReadBits(int bits)
    {
        if (_bitsLeft < bits) ReadBytes();
        if (_bitsLeft < bits)
        {
            _isDamaged = true;
            return 0;
        }

        int value = (int)(_bits & ((1UL << bits) - 1));
        _bits >>= bits;
        _bitsLeft -= bits;
        return value;
    }

    /// <summary>Reads as many bytes as fit into the buffer.</summary>
    private void ReadBytes()
    {
        for (; _bitsLeft <= 56 && _position < _data.Length; _bitsLeft += 8) _bits |= (ulong)_data[_position++] << _bitsLeft;
    }

    private static int DivideRoundingUp(int value, int bits) => (value + (1 << bits) - 1) >> bits;
}

/// <summary>A prefix code of a lossless WebP: the codes of one length are consecutive.</summary>
internal sealed class WebPPrefixCode
{
    internal const int MaxLength = 15;

    /// <summary>The length of codes that are found in one step.</summary>
    private const int MaxShortLength = 8;

    private readonly int[] _counts = new int[MaxLength + 1];
    private readonly int[] _firstCodes = new int[MaxLength + 1];
    private readonly int[] _firstSymbols = new int[MaxLength + 1];
    private readonly ushort[] _symbols;

    /// <summary>The symbol and the length by the next bits; 0 for a longer code.</summary>
    private readonly ushort[] _shortCodes = [];

    /// <summary>Creates a code from the length of each symbol's code, 0 for none.</summary>
    internal WebPPrefixCode(byte[] lengths)
    {
        foreach (byte length in lengths) _counts[length]++;
        int symbols = lengths.Length - _counts[0], free = 1;
        _counts[0] = 0;
        for (int length = 1; length <= MaxLength; length++)
        {
            free = (free << 1) - _counts[length];
            _firstCodes[length] = (_firstCodes[length - 1] + _counts[length - 1]) << 1;
            _firstSymbols[length] = _firstSymbols[length - 1] + _counts[length - 1];
        }

        _symbols = new ushort[symbols];
        int[] next = [.. _firstSymbols];
        for (int symbol = 0; symbol < lengths.Length; symbol++)
        {
            if (lengths[symbol] > 0) _symbols[next[lengths[symbol]]++] = (ushort)symbol;
        }

        // A code of one symbol has no bits; any other uses each combination.
        IsValid = symbols == 1 || (symbols > 1 && free == 0);
        if (symbols < 2 || !IsValid) return;

        _shortCodes = new ushort[1 << Math.Min(MaxShortLength, Array.FindLastIndex(_counts, count => count > 0))];
        for (int bits = 0; bits < _shortCodes.Length; bits++)
        {
            if (Search(bits, MaxShortLength, out int length) is { } symbol) _shortCodes[bits] = (ushort)((symbol << 4) | length);
        }
    }

    /// <summary>True if every combination of bits has a meaning.</summary>
    internal bool IsValid { get; }

    /// <summary>Returns the symbol whose code the next bits begin with, and the length of the code.</summary>
    internal int Find(int bits, out int length)
    {
        length = 0;
        if (_symbols.Length < 2) return _symbols.Length == 0 ? 0 : _symbols[0];

        int found = _shortCodes[bits & (_shortCodes.Length - 1)];
        length = found & 15;
        return found != 0 ? found >> 4 : Search(bits, MaxLength, out length) ?? 0;
    }

    private int? Search(int bits, int maxLength, out int length)
    {
        int code = 0;
        for (length = 1; length <= maxLength; length++)
        {
            code = (code << 1) | (bits & 1);
            bits >>= 1;
            int index = code - _firstCodes[length];
            if (index >= 0 && index < _counts[length]) return _symbols[_firstSymbols[length] + index];
        }

        return null;
    }
}
