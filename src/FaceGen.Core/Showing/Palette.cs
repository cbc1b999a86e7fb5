namespace FaceGen.Showing;

/// <summary>
/// The few colours that stand for all of a picture's, by median cut: the box with the most to tell apart is cut in two until
/// there are enough.
/// </summary>
internal sealed class Palette
{
    /// <summary>Colours that are alike in so many bits of each channel are taken for one from the start.</summary>
    private const int Bits = 5;

    private readonly byte[] _of;

    private Palette(byte[] of, IReadOnlyList<(byte R, byte G, byte B)> colours)
    {
        _of = of;
        Colours = colours;
    }

    internal IReadOnlyList<(byte R, byte G, byte B)> Colours { get; }

    /// <summary>Which of the colours stands for one of the picture's.</summary>
    internal int this[(byte R, byte G, byte B) colour] => _of[Bin(colour)];

    internal static Palette Of(Picture picture)
    {
        var bins = new Sum[1 << (3 * Bits)];
        for (int y = 0; y < picture.Height; y++)
        {
            for (int x = 0; x < picture.Width; x++)
            {
                if (picture[x, y] is { } colour) bins[Bin(colour)].Add(colour);
            }
        }

        int[] used = [.. Enumerable.Range(0, bins.Length).Where(bin => bins[bin].Count > 0)];
        List<Box> boxes = used.Length > 0 ? [new Box(bins, used, 0, used.Length)] : [];
        while (boxes.Count <= byte.MaxValue)
        {
            int widest = 0;
            for (int i = 1; i < boxes.Count; i++)
            {
                if (boxes[i].Weight > boxes[widest].Weight) widest = i;
            }

            if (boxes.Count == 0 || boxes[widest].Weight == 0) break;

            (Box low, Box high) = boxes[widest].Cut();
            boxes[widest] = low;
            boxes.Add(high);
        }

        byte[] of = new byte[bins.Length];
        for (int i = 0; i < boxes.Count; i++)
        {
            foreach (int bin in boxes[i].Bins) of[bin] = (byte)i;
        }

        return new Palette(of, [.. boxes.Select(box => box.Mean)]);
    }

    private static int Bin((byte R, byte G, byte B) colour) =>
        ((colour.R >> (8 - Bits)) << (2 * Bits)) | ((colour.G >> (8 - Bits)) << Bits) | (colour.B >> (8 - Bits));

    private static int Channel(int bin, int channel) => (bin >> (channel * Bits)) & ((1 << Bits) - 1);

    /// <summary>What of the picture falls into a bin.</summary>
    private struct Sum
    {
        private long _r;
        private long _g;
        private long _b;

        internal long Count { get; private set; }

        internal readonly (byte R, byte G, byte B) Mean => ((byte)(_r / Count), (byte)(_g / Count), (byte)(_b / Count));

        internal void Add((byte R, byte G, byte B) colour)
        {
            _r += colour.R;
            _g += colour.G;
            _b += colour.B;
            Count++;
        }

        internal void Add(Sum other)
        {
            _r += other._r;
            _g += other._g;
            _b += other._b;
            Count += other.Count;
        }
    }

    /// <summary>Some of the bins, which stand together in the list of all that are used.</summary>
    private sealed class Box
    {
        private readonly Sum[] _bins;
        private readonly int[] _used;
        private readonly int _start;
        private readonly int _length;
        private readonly int _longest;
        private readonly Sum _sum;

        internal Box(Sum[] bins, int[] used, int start, int length)
        {
            (_bins, _used, _start, _length) = (bins, used, start, length);
            int side = 0;
            for (int channel = 0; channel < 3; channel++)
            {
                int range = Bins.Max(bin => Channel(bin, channel)) - Bins.Min(bin => Channel(bin, channel));
                if (range > side) (side, _longest) = (range, channel);
            }

            foreach (int bin in Bins) _sum.Add(bins[bin]);
            Weight = _sum.Count * side * side;
        }

        /// <summary>How much there is to tell apart; 0 where it is one colour.</summary>
        internal long Weight { get; }

        internal (byte R, byte G, byte B) Mean => _sum.Mean;

        internal ArraySegment<int> Bins => new(_used, _start, _length);

        /// <summary>Two boxes with about as many pixels each, and a bin each at least.</summary>
        internal (Box Low, Box High) Cut()
        {
            int[] sorted = [.. Bins.OrderBy(bin => Channel(bin, _longest))];
            sorted.CopyTo(_used, _start);
            long seen = 0;
            int length = 0;
            while (length < _length - 1 && (length == 0 || seen < _sum.Count / 2)) seen += _bins[sorted[length++]].Count;
            return (new Box(_bins, _used, _start, length), new Box(_bins, _used, _start + length, _length - length));
        }
    }
}
