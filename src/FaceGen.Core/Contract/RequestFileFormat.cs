namespace FaceGen;

/// <summary>The formats of request files.</summary>
public enum RequestFileFormat
{
    /// <summary>Comma-separated values (or semicolons, or tabs) with a header.</summary>
    Csv,

    /// <summary>One JSON array of objects, or one object.</summary>
    Json,

    /// <summary>One JSON object a line.</summary>
    JsonLines,
}
