namespace FaceGen.Generating;

/// <summary>Receives the engine's messages, on any thread.</summary>
internal interface IEngineLog
{
    /// <summary>Logs what the engine does or waits for, and why.</summary>
    void LogVerbose(string message);

    /// <summary>Logs what the user should know.</summary>
    void LogWarning(string message);
}
