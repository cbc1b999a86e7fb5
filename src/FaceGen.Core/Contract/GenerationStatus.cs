namespace FaceGen;

/// <summary>How far a generation is, in the API's words where it has one.</summary>
public enum GenerationStatus
{
    /// <summary>The service has accepted the request and works on it.</summary>
    Processing,

    /// <summary>The images are ready.</summary>
    Success,

    /// <summary>The service could not make the images.</summary>
    Failed,

    /// <summary>
    /// The answer to the submission was lost: the service may or may not have accepted it. There is no id to ask for.
    /// </summary>
    Uncertain,
}
