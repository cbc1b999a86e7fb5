using System.Buffers.Binary;

namespace FaceGen.ImageFormats;

/// <summary>Computes the CRC-32 of the PNG specification, eight bytes at a time, because every image is checked completely.</summary>
internal static class Crc32
{
    private const int BytesPerStep = 8;

    /// <summary>A table for each of the eight bytes: its effect on the sum after all eight.</summary>
    private static readonly uint[][] Tables = CreateTables();

    /// <summary>Returns the CRC-32 of bytes.</summary>
    internal static uint Compute(ReadOnlySpan<byte> bytes)
    {
        uint[] t0 = Tables[0], t1 = Tables[1], t2 = Tables[2], t3 = Tables[3];
        uint[] t4 = Tables[4], t5 = Tables[5], t6 = Tables[6], t7 = Tables[7];
        uint sum = uint.MaxValue;
        for (; bytes.Length >= BytesPerStep; bytes = bytes.Slice(BytesPerStep))
        {
            uint low = BinaryPrimitives.ReadUInt32LittleEndian(bytes) ^ sum;
            uint high = BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(4));
            sum = t7[(byte)low] ^ t6[(byte)(low >> 8)] ^ t5[(byte)(low >> 16)] ^ t4[low >> 24]
                ^ t3[(byte)high] ^ t2[(byte)(high >> 8)] ^ t1[(byte)(high >> 16)] ^ t0[high >> 24];
        }

        foreach (byte b in bytes) sum = t0[(byte)(sum ^ b)] ^ (sum >> 8);
        return ~sum;
    }

    private static uint[][] CreateTables()
    {
        var tables = new uint[BytesPerStep][];
        tables[0] = [.. Enumerable.Range(0, 256).Select(ComputeEntry)];
        for (int i = 1; i < BytesPerStep; i++)
            tables[i] = [.. tables[i - 1].Select(sum => tables[0][(byte)sum] ^ (sum >> 8))];
        return tables;
    }

    private static uint ComputeEntry(int index)
    {
        uint sum = (uint)index;
        for (int bit = 0; bit < 8; bit++) sum = (sum & 1) != 0 ? 0xEDB88320 ^ (sum >> 1) : sum >> 1;
        return sum;
    }
}
