using FaceGen.Emulator.Generating;
using FaceGen.Emulator.Http;

namespace FaceGen.Emulator.Faults;

/// <summary>What a fault knows of the call that it hits.</summary>
internal sealed record FaultContext(EmulatedService Service, CallKind Kind)
{
    /// <summary>The call of the API; null for a download, and for a call whose body or key is bad.</summary>
    internal ApiCall? Call { get; init; }

    /// <summary>The generation that a download is about; for other calls it is known when they have been handled.</summary>
    internal EmulatedGeneration? DownloadedGeneration { private get; init; }

    /// <summary>The key that the caller sent, right or wrong; empty where there was none.</summary>
    internal string Key { get; init; } = "";

    /// <summary>The waiting time to tell the caller, where the fault tells one.</summary>
    internal TimeSpan Wait { get; init; }

    internal int WaitSeconds => (int)Math.Ceiling(Wait.TotalSeconds);

    internal EmulatedGeneration? Generation => DownloadedGeneration ?? Call?.Generation;
}
