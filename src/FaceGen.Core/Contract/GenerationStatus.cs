namespace FaceGen;

/// <summary>Specifies the status of a generation.</summary>
public enum GenerationStatus
{
    /// <summary>The service accepted the request and has not finished it.</summary>
    Processing,

    /// <summary>The images are ready.</summary>
    Success,

    /// <summary>The service could not generate the images.</summary>
    Failed,

    /// <summary>The response to the submission was lost: the service may have accepted it. There is no id to fetch by.</summary>
    Uncertain,
}
