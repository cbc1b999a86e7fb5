namespace FaceGen.Generating;

/// <summary>Is told, on any thread, what the engine waits for and why.</summary>
internal interface IListener
{
    /// <summary>A line for whoever wants to know more.</summary>
    void Tell(string line);

    /// <summary>A line that everybody should see.</summary>
    void Warn(string line);
}
