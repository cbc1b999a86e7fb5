namespace FaceGen;

/// <summary>Specifies the format of a request file.</summary>
public enum RequestFileFormat
{
    /// <summary>Values separated by commas, semicolons or tabs, with a header.</summary>
    Csv,

    /// <summary>One JSON array of objects, or one object.</summary>
    Json,

    /// <summary>One JSON object per line.</summary>
    JsonLines,
}
