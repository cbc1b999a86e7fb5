namespace FaceGen.Generating;

/// <summary>Is told, on any thread, what the engine waits for and why.</summary>
internal interface IEngineLog
{
    /// <summary>A line for whoever wants to know more.</summary>
    void LogVerbose(string message);

    /// <summary>A line that everybody should see.</summary>
    void LogWarning(string message);
}
