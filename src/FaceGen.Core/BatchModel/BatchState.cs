namespace FaceGen;

/// <summary>How a batch stands.</summary>
public enum BatchState
{
    /// <summary>Rows are still to be done, or none was entered yet: the same command goes on with them.</summary>
    Unfinished,

    /// <summary>Every row has ended, and some of them failed, are expired, invalid, or of unknown outcome.</summary>
    SomeFailed,

    /// <summary>Every row is saved.</summary>
    Complete,
}
