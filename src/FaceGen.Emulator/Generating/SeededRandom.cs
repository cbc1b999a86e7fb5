using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace FaceGen.Emulator.Generating;

/// <summary>
/// Random numbers that depend on what they are for, not on when they are drawn: calls that race each other get the same
/// ones in every run.
/// </summary>
internal static class SeededRandom
{
    internal static Random Create(int emulatorSeed, string canonicalRequest, int occurrence)
    {
        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{emulatorSeed}\n{occurrence}\n{canonicalRequest}"));
        return new Random(BinaryPrimitives.ReadInt32LittleEndian(hash));
    }
}
