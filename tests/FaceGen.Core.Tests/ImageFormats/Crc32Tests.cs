using FaceGen.ImageFormats;
using Reference = System.IO.Hashing.Crc32;

namespace FaceGen.Core.Tests.ImageFormats;

public sealed class Crc32Tests
{
    [Fact]
    public void Compute_any_length_matches_specification()
    {
        byte[] bytes = new byte[1000];
        new Random(1).NextBytes(bytes);

        Assert.All(Enumerable.Range(0, bytes.Length + 1),
            length => Assert.Equal(Reference.HashToUInt32(bytes.AsSpan(0, length)), Crc32.Compute(bytes.AsSpan(0, length))));
        Assert.Equal(0xCBF43926, Crc32.Compute("123456789"u8));
    }

    [Fact]
    public void Compute_at_any_offset_matches_tables()
    {
        byte[] bytes = new byte[100_000];
        var random = new Random(2);
        random.NextBytes(bytes);

        for (int i = 0; i < 1000; i++)
        {
            int start = random.Next(64), length = random.Next(i < 900 ? 2000 : bytes.Length - start);
            Assert.Equal(~Crc32.UpdateByTables(uint.MaxValue, bytes.AsSpan(start, length)), Crc32.Compute(bytes.AsSpan(start, length)));
        }
    }
}
