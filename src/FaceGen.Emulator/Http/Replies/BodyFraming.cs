namespace FaceGen.Emulator.Http.Replies;

/// <summary>How a body's end is told.</summary>
internal enum BodyFraming
{
    /// <summary>By a Content-Length that is right.</summary>
    Length,

    /// <summary>By a Content-Length that is right, but the connection closes when half of it is sent.</summary>
    LengthCut,

    /// <summary>By the last of its chunks.</summary>
    Chunked,

    /// <summary>Only by the end of the connection.</summary>
    UntilClose,
}
