using FaceGen.Generating;

namespace FaceGen.Simulation;

/// <summary>A log that ignores its messages.</summary>
internal sealed class NullLog : IEngineLog
{
    public void LogVerbose(string message)
    {
    }

    public void LogWarning(string message)
    {
    }
}
