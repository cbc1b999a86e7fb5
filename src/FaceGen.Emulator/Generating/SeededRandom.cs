using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace FaceGen.Emulator.Generating;

/// <summary>
/// Creates random generators that depend on their purpose, not on timing: racing calls get the same numbers in every
/// run.
/// </summary>
internal static class SeededRandom
{
    internal static Random Create(int emulatorSeed, string canonicalRequest, int occurrence)
    {
        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{emulatorSeed}\n{occurrence}\n{canonicalRequest}"));
        return new Random(BinaryPrimitives.ReadInt32LittleEndian(hash));
    }
}
