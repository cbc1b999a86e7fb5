using FaceGen.ImageFormats;
namespace FaceGen.Preview;

/// <summary>
/// A palette of up to 256 colors for an image, by median cut: the box with the largest differences is split until there are
/// enough.
/// </summary>
internal sealed class Palette
{
    /// <summary>The number of bits of each channel: colors that differ only in lower bits share a bin.</summary>
    private const int Bits = 5;

    private readonly byte[] _indexes;

    private Palette(byte[] indexes, IReadOnlyList<(byte R, byte G, byte B)> colors)
    {
        _indexes = indexes;
        Colors = colors;
    }

    internal IReadOnlyList<(byte R, byte G, byte B)> Colors { get; }

    /// <summary>Gets the index of the palette's color for a color of the image.</summary>
    internal int this[(byte R, byte G, byte B) color] => _indexes[GetBin(color)];

    internal static Palette Create(RgbaImage image)
    {
        var bins = new ColorSum[1 << (3 * Bits)];
        for (int y = 0; y < image.Height; y++)
        {
            for (int x = 0; x < image.Width; x++)
            {
                if (image[x, y] is { } color) bins[GetBin(color)].Add(color);
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

            (Box low, Box high) = boxes[widest].Split();
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

    private static int GetBin((byte R, byte G, byte B) color) =>
        ((color.R >> (8 - Bits)) << (2 * Bits)) | ((color.G >> (8 - Bits)) << Bits) | (color.B >> (8 - Bits));

    private static int GetChannel(int bin, int channel) => (bin >> (channel * Bits)) & ((1 << Bits) - 1);

    /// <summary>The sum of the pixels in a bin.</summary>
    private struct ColorSum
    {
        private long _r;
        private long _g;
        private long _b;

        internal long Count { get; private set; }

        internal readonly (byte R, byte G, byte B) Mean => ((byte)(_r / Count), (byte)(_g / Count), (byte)(_b / Count));

        internal void Add((byte R, byte G, byte B) color)
        {
            _r += color.R;
            _g += color.G;
            _b += color.B;
            Count++;
        }

        internal void Add(ColorSum other)
        {
            _r += other._r;
            _g += other._g;
            _b += other._b;
            Count += other.Count;
        }
    }

    /// <summary>A box of bins, which are adjacent in the list of used bins.</summary>
    private sealed class Box
    {
        private readonly ColorSum[] _bins;
        private readonly int[] _used;
        private readonly int _start;
        private readonly int _length;
        private readonly int _longestChannel;
        private readonly ColorSum _sum;

        internal Box(ColorSum[] bins, int[] used, int start, int length)
        {
            (_bins, _used, _start, _length) = (bins, used, start, length);
            int side = 0;
            for (int channel = 0; channel < 3; channel++)
            {
                int range = Bins.Max(bin => GetChannel(bin, channel)) - Bins.Min(bin => GetChannel(bin, channel));
                if (range > side) (side, _longestChannel) = (range, channel);
            }

            foreach (int bin in Bins) _sum.Add(bins[bin]);
            Weight = _sum.Count * side * side;
        }

        /// <summary>Gets the size of the differences between the box's colors; 0 for one color.</summary>
        internal long Weight { get; }

        internal (byte R, byte G, byte B) Mean => _sum.Mean;

        internal ArraySegment<int> Bins => new(_used, _start, _length);

        /// <summary>Returns two boxes with about the same number of pixels, and at least one bin each.</summary>
        internal (Box Low, Box High) Split()
        {
            int[] sorted = [.. Bins.OrderBy(bin => GetChannel(bin, _longestChannel))];
            sorted.CopyTo(_used, _start);
            long seen = 0;
            int length = 0;
            while (length < _length - 1 && (length == 0 || seen < _sum.Count / 2)) seen += _bins[sorted[length++]].Count;
            return (new Box(_bins, _used, _start, length), new Box(_bins, _used, _start + length, _length - length));
        }
    }
}
