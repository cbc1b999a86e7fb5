namespace FaceGen.Saving;

/// <summary>How and where images are saved.</summary>
/// <param name="Folder">The full path of the folder.</param>
/// <param name="Name">The files' names.</param>
internal sealed record SaveOptions(string Folder, FileNameTemplate Name)
{
    /// <summary>Whether a file of the same name is replaced.</summary>
    internal bool Force { get; init; }

    /// <summary>Whether an image whose file is there already is left alone.</summary>
    internal bool SkipExisting { get; init; }

    /// <summary>
    /// Whether a file of the same name that holds the very image counts as saved: a process that was killed may have come
    /// so far.
    /// </summary>
    internal bool AcceptIdentical { get; init; }

    /// <summary>Whether a JSON file beside each image tells how it was made.</summary>
    internal bool Sidecar { get; init; }

    /// <summary>Whether a PNG file tells in itself how it was made.</summary>
    internal bool EmbedMetadata { get; init; }

    /// <summary>
    /// True if the folder was there when the run began: it is not made again, because a share that is gone would be replaced by
    /// a folder of this machine.
    /// </summary>
    internal bool FolderMustExist { get; init; }

    /// <summary>How long one image may take to come.</summary>
    internal TimeSpan Timeout { get; init; }
}
