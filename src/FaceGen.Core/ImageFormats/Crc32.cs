using System.Buffers.Binary;
#if !NETSTANDARD
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Arm = System.Runtime.Intrinsics.Arm;
#endif

namespace FaceGen.ImageFormats;

/// <summary>
/// Computes the CRC-32 of the PNG specification: with the instructions of the processor where it has them, because every image is
/// checked completely, otherwise with tables.
/// </summary>
internal static class Crc32
{
    private const int BytesPerStep = 8;

    /// <summary>A table for each of the eight bytes: its effect on the sum after all eight.</summary>
    private static readonly uint[][] Tables = CreateTables();

    /// <summary>Returns the CRC-32 of bytes.</summary>
    internal static uint Compute(ReadOnlySpan<byte> bytes)
    {
        uint sum = uint.MaxValue;
#if !NETSTANDARD
        if (Arm.Crc32.Arm64.IsSupported)
        {
            foreach (ulong eight in MemoryMarshal.Cast<byte, ulong>(bytes)) sum = Arm.Crc32.Arm64.ComputeCrc32(sum, eight);
            bytes = bytes[^(bytes.Length % BytesPerStep)..];
        }
        else if (Pclmulqdq.IsSupported && bytes.Length >= 4 * Vector128<byte>.Count)
        {
            sum = Fold(MemoryMarshal.Cast<byte, Vector128<ulong>>(bytes), sum);
            bytes = bytes[^(bytes.Length % Vector128<byte>.Count)..];
        }
#endif
        return ~UpdateByTables(sum, bytes);
    }

    /// <summary>Returns a sum, not inverted, after further bytes.</summary>
    internal static uint UpdateByTables(uint sum, ReadOnlySpan<byte> bytes)
    {
        uint[] t0 = Tables[0], t1 = Tables[1], t2 = Tables[2], t3 = Tables[3];
        uint[] t4 = Tables[4], t5 = Tables[5], t6 = Tables[6], t7 = Tables[7];
        for (; bytes.Length >= BytesPerStep; bytes = bytes.Slice(BytesPerStep))
        {
            uint low = BinaryPrimitives.ReadUInt32LittleEndian(bytes) ^ sum;
            uint high = BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(4));
            sum = t7[(byte)low] ^ t6[(byte)(low >> 8)] ^ t5[(byte)(low >> 16)] ^ t4[low >> 24]
                ^ t3[(byte)high] ^ t2[(byte)(high >> 8)] ^ t1[(byte)(high >> 16)] ^ t0[high >> 24];
        }

        foreach (byte b in bytes) sum = t0[(byte)(sum ^ b)] ^ (sum >> 8);
        return sum;
    }

#if !NETSTANDARD
    /// <summary>
    /// Returns a sum, not inverted, after at least four blocks, by carry-less multiplication. Source of the method and of the
    /// constants, which are powers of x modulo the polynomial: Gopal et al., "Fast CRC Computation for Generic Polynomials Using
    /// PCLMULQDQ Instruction", Intel, 2009.
    /// </summary>
    private static uint Fold(ReadOnlySpan<Vector128<ulong>> blocks, uint sum)
    {
        Vector128<ulong> byFour = Vector128.Create(0x1_5444_2BD4UL, 0x1_C6E4_1596UL);
        Vector128<ulong> byOne = Vector128.Create(0x1_7519_97D0UL, 0x0_CCAA_009EUL);
        Vector128<ulong> to64 = Vector128.Create(0x1_63CD_6124UL, 0UL);
        Vector128<ulong> polynomial = Vector128.Create(0x1_DB71_0641UL, 0x1_F701_1641UL);
        Vector128<ulong> low32 = Vector128.Create(0xFFFF_FFFFUL, 0xFFFF_FFFFUL);

        Vector128<ulong> x1 = blocks[0] ^ Vector128.Create(sum, 0UL), x2 = blocks[1], x3 = blocks[2], x4 = blocks[3];
        int next = 4;
        for (; next + 4 <= blocks.Length; next += 4)
        {
            x1 = Add(x1, byFour, blocks[next]);
            x2 = Add(x2, byFour, blocks[next + 1]);
            x3 = Add(x3, byFour, blocks[next + 2]);
            x4 = Add(x4, byFour, blocks[next + 3]);
        }

        x1 = Add(Add(Add(x1, byOne, x2), byOne, x3), byOne, x4);
        for (; next < blocks.Length; next++) x1 = Add(x1, byOne, blocks[next]);

        // 128 bits to 64, then to 32 by Barrett's reduction.
        x1 = Pclmulqdq.CarrylessMultiply(x1, byOne, 0x10) ^ Sse2.ShiftRightLogical128BitLane(x1, 8);
        x1 = Pclmulqdq.CarrylessMultiply(x1 & low32, to64, 0x00) ^ Sse2.ShiftRightLogical128BitLane(x1, 4);
        Vector128<ulong> quotient = Pclmulqdq.CarrylessMultiply(x1 & low32, polynomial, 0x10) & low32;
        x1 ^= Pclmulqdq.CarrylessMultiply(quotient, polynomial, 0x00);
        return x1.AsUInt32()[1];
    }

    /// <summary>Returns a remainder that is moved over the distance of a constant, and a block that follows there.</summary>
    private static Vector128<ulong> Add(Vector128<ulong> remainder, Vector128<ulong> distance, Vector128<ulong> block) =>
        Pclmulqdq.CarrylessMultiply(remainder, distance, 0x00) ^ Pclmulqdq.CarrylessMultiply(remainder, distance, 0x11) ^ block;
#endif

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
