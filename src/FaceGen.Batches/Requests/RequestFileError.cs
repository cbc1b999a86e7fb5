using FaceGen.Contract;

namespace FaceGen.Batches.Requests;

/// <summary>Creates the errors that end the reading of a request file.</summary>
internal static class RequestFileError
{
    /// <summary>Returns the error for a file that cannot be read at all.</summary>
    /// <param name="path">The full path of the file.</param>
    /// <param name="reason">The predicate that follows the file's name, such as "does not exist".</param>
    /// <param name="inner">The exception that caused the error.</param>
    internal static FaceGenException ForFile(string path, string reason, Exception? inner = null) =>
        new(ErrorCode.RequestFileInvalid, $"The request file '{DisplayText.Clean(path)}' {reason}.", inner);

    /// <summary>Returns the error for a file that cannot be read beyond a line.</summary>
    /// <param name="path">The full path of the file.</param>
    /// <param name="line">The line at which reading ends.</param>
    /// <param name="reason">A sentence without its full stop.</param>
    /// <param name="inner">The exception that caused the error.</param>
    internal static FaceGenException AtLine(string path, int line, string reason, Exception? inner = null) =>
        new(ErrorCode.RequestFileInvalid, $"{new RequestSource(path, line, 0)}: {reason}.", inner);

    /// <summary>Returns the error for a row that exceeds the maximum size.</summary>
    internal static FaceGenException TooLarge(string path, int line, Exception? inner = null) =>
        AtLine(path, line, "The row that begins here is larger than 16 MB. Add the closing quote or bracket if one is missing", inner);
}
