using FaceGen.Emulator.Generating;

namespace FaceGen.Emulator.Accounts;

/// <summary>What became of a submission that keeps to the contract.</summary>
internal enum AdmissionResult
{
    Accepted,
    WalletTooLow,
    QueueFull,
}

/// <param name="Result">Whether it was accepted, or why not.</param>
/// <param name="Generation">What was accepted; null otherwise.</param>
internal readonly record struct Admission(AdmissionResult Result, EmulatedGeneration? Generation = null);
