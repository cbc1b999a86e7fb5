namespace FaceGen.Saving;

/// <summary>How and where images are saved.</summary>
/// <param name="Folder">The full path of the folder.</param>
/// <param name="Name">The template of the file names.</param>
internal sealed record SaveOptions(string Folder, FileNameTemplate Name)
{
    /// <summary>True to replace a file of the same name.</summary>
    internal bool Force { get; init; }

    /// <summary>True to skip an image whose file exists already.</summary>
    internal bool SkipExisting { get; init; }

    /// <summary>
    /// True to count a file of the same name with the same image as saved: a process may have been killed after it wrote the
    /// file.
    /// </summary>
    internal bool AcceptIdentical { get; init; }

    /// <summary>True to write a JSON file beside each image that describes how it was created.</summary>
    internal bool Sidecar { get; init; }

    /// <summary>True to write into PNG files how they were created.</summary>
    internal bool EmbedMetadata { get; init; }

    /// <summary>
    /// True if the folder existed when the run began: it is not created again, because that would replace a missing share by a
    /// local folder.
    /// </summary>
    internal bool FolderMustExist { get; init; }

    /// <summary>Gets how long the download of one image may take.</summary>
    internal TimeSpan Timeout { get; init; }
}
