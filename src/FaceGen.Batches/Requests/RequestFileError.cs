using FaceGen.Contract;

namespace FaceGen.Batches.Requests;

/// <summary>Makes the errors that end the reading of a request file.</summary>
internal static class RequestFileError
{
    /// <summary>The file as a whole cannot be read.</summary>
    /// <param name="path">The file's full path.</param>
    /// <param name="reason">Words that follow the file's name, as in "does not exist".</param>
    /// <param name="inner">The cause, if another exception was.</param>
    internal static FaceGenException ForFile(string path, string reason, Exception? inner = null) =>
        new(ErrorCode.RequestFileInvalid, $"The request file '{DisplayText.Clean(path)}' {reason}.", inner);

    /// <summary>The file cannot be read any further.</summary>
    /// <param name="path">The file's full path.</param>
    /// <param name="line">The line at which reading ends.</param>
    /// <param name="reason">A sentence without its full stop.</param>
    /// <param name="inner">The cause, if another exception was.</param>
    internal static FaceGenException AtLine(string path, int line, string reason, Exception? inner = null) =>
        new(ErrorCode.RequestFileInvalid, $"{new RequestSource(path, line, 0)}: {reason}.", inner);

    /// <summary>One row is beyond what is read at all.</summary>
    internal static FaceGenException TooLarge(string path, int line, Exception? inner = null) =>
        AtLine(path, line, "What begins here is larger than 16 MB: a closing quote or bracket may be missing", inner);
}
