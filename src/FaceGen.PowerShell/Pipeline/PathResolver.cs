using System.Management.Automation;
using System.Runtime.InteropServices;
using System.Security;
using FaceGen.BatchModel;
using FaceGen.Contract;
using FaceGen.Http;

namespace FaceGen.PowerShell.Pipeline;

/// <summary>Resolves paths as PowerShell does: by its current location, drives and wildcards, to full paths of the file system.</summary>
/// <param name="getPaths">Returns the paths of the session.</param>
internal sealed class PathResolver(Func<PathIntrinsics> getPaths)
{
    /// <summary>Returns a full path. No character is a wildcard.</summary>
    /// <param name="path">The path.</param>
    /// <param name="code">The code of the error.</param>
    /// <exception cref="FaceGenException">The path is not in the file system.</exception>
    internal string Resolve(string path, ErrorCode code)
    {
        if (LedgerLocation.MayHoldPassword(path))
            throw new FaceGenException(code, "A connection string or an address was given instead of a file system path. Nothing was sent. Give a database with -Ledger.");

        if (IsExtended(path)) return path;
        // PowerShell would make it the path of a folder below the root.
        if (Path.DirectorySeparatorChar == '/' && path.StartsWith(@"\\", StringComparison.Ordinal))
            throw new FaceGenException(code, $"'{DisplayText.Clean(path, 300)}' is a Windows network path, which this machine cannot open. Nothing was sent. Mount the share, and give the path of its folder here.");

        string reason;
        try
        {
            string full = getPaths().GetUnresolvedProviderPathFromPSPath(path, out ProviderInfo provider, out _);
            if (provider.Name == "FileSystem") return full;

            reason = path == "." ? $"The current location is {getPaths().CurrentLocation}." : $"It belongs to the provider {provider.Name}.";
        }
        catch (Exception e) when (e is ProviderNotFoundException or System.Management.Automation.DriveNotFoundException or ItemNotFoundException
            or ProviderInvocationException or NotSupportedException or ArgumentException or PSInvalidOperationException)
        {
            reason = e.Message;
        }

        throw new FaceGenException(code, $"'{DisplayText.Clean(path, 300)}' is not a file system path. {reason} Nothing was sent. Give the path of a file or folder.");
    }

    /// <summary>Returns the full paths that match. A path that exists as it is written is not a pattern.</summary>
    /// <exception cref="FaceGenException">Nothing matches.</exception>
    internal IReadOnlyList<string> ResolveInput(string path, bool isLiteral, ErrorCode code)
    {
        if (isLiteral || IsExtended(path)) return [Resolve(path, code)];
        if (FindExisting(path, code) is { } existing) return [existing];
        if (!WildcardPattern.ContainsWildcardCharacters(path)) return [Resolve(WildcardPattern.Unescape(path), code)];

        IReadOnlyList<string> matches = ExpandWildcards(path);
        return matches.Count > 0 ? matches : throw CreateNoMatchError(path, code);
    }

    /// <summary>
    /// Returns the full paths of an output. Brackets are part of the name to create, with the escapes of PowerShell's completion or
    /// without: as a pattern they could match another folder.
    /// </summary>
    /// <exception cref="FaceGenException">Nothing matches a pattern with * or ?.</exception>
    private IReadOnlyList<string> ResolveOutput(string path)
    {
        if (IsExtended(path)) return [path];
        if (FindExisting(path, ErrorCode.FileNotWritten) is { } existing) return [existing];
        if (path.IndexOfAny(['*', '?']) < 0) return [Resolve(WildcardPattern.Unescape(path), ErrorCode.FileNotWritten)];

        IReadOnlyList<string> matches = ExpandWildcards(path);
        return matches.Count > 0 ? matches : throw CreateNoMatchError(path, ErrorCode.FileNotWritten);
    }

    /// <summary>True if a folder of this name exists.</summary>
    internal bool IsExistingFolder(string path, bool isLiteral) =>
        Directory.Exists(isLiteral ? Resolve(path, ErrorCode.FileNotWritten) : FindExisting(path, ErrorCode.FileNotWritten) ?? "");

    /// <summary>Returns the full path of the file to write, which need not exist.</summary>
    /// <exception cref="FaceGenException">The path is that of a folder, or several files match.</exception>
    internal string ResolveFile(string path, bool isLiteral = false)
    {
        IReadOnlyList<string> files = isLiteral ? [Resolve(path, ErrorCode.FileNotWritten)] : ResolveOutput(path);
        if (files.Count != 1) throw new FaceGenException(ErrorCode.FileNotWritten, $"'{path}' matches {files.Count} files. Nothing was written. Give the path of one file.");

        return Directory.Exists(files[0]) || Path.GetFileName(files[0]).Length == 0
            ? throw new FaceGenException(ErrorCode.FileNotWritten, $"'{files[0]}' is a folder. Nothing was written. Give the path of a file.")
            : files[0];
    }

    /// <summary>Returns the full path of the folder to save to, which need not exist.</summary>
    /// <exception cref="FaceGenException">The folder cannot be created, or several folders match.</exception>
    internal string ResolveFolder(string path, bool isLiteral = false)
    {
        IReadOnlyList<string> folders =
            isLiteral ? [Resolve(path, ErrorCode.FileNotWritten)] : ResolveOutput(path);
        if (folders.Count > 1 && folders.Any(Directory.Exists)) folders = [.. folders.Where(Directory.Exists)];
        if (folders.Count != 1)
            throw new FaceGenException(ErrorCode.FileNotWritten, $"'{path}' matches {folders.Count} folders. Nothing was sent. Give the path of one folder.");

        if (ImageHeader.FindFormatByExtension(folders[0]) is not null && !Directory.Exists(folders[0]))
            throw new FaceGenException(ErrorCode.FileNotWritten, $"'{folders[0]}' has the extension of an image file, and a folder is needed. Nothing was sent. Give the path of a folder.");

        // A folder that cannot be created is an error before anything is paid for.
        for (string? parent = folders[0]; parent is not null && !Directory.Exists(parent); parent = Path.GetDirectoryName(parent))
        {
            if (File.Exists(parent))
                throw new FaceGenException(ErrorCode.FileNotWritten, $"The folder '{folders[0]}' cannot be created, because '{parent}' is a file. Nothing was sent. Give another folder.");
        }

        return folders[0];
    }

    /// <summary>Returns the location of a ledger: a file, also by its folder, or a database.</summary>
    /// <param name="ledger">The parameter's value.</param>
    /// <param name="isTyped">True if the value was typed, so that a path is relative to the current location.</param>
    /// <exception cref="FaceGenException">The value is empty, or neither a path nor a connection string.</exception>
    internal LedgerLocation ResolveLedger(SecureString ledger, bool isTyped)
    {
        string text = SecretText.Reveal(ledger);
        if (string.IsNullOrWhiteSpace(text))
            throw new FaceGenException(ErrorCode.LedgerInvalid, "-Ledger is empty. Nothing was sent. Give the path of a ledger, or a PostgreSQL connection string.");
        if (LedgerLocation.ParseDatabase(text) is { } database) return database;

        return isTyped || Path.IsPathRooted(text)
            ? LedgerLocation.ForPath(FindExisting(text, ErrorCode.LedgerInvalid) ?? Resolve(WildcardPattern.Unescape(text), ErrorCode.LedgerInvalid))
            : throw new FaceGenException(ErrorCode.LedgerInvalid,
                $"'{DisplayText.Clean(text, 300)}' is the name of a database, not its connection string. Nothing was read. Give the connection string with -Ledger.");
    }

    /// <summary>
    /// True for a full path in the form that Windows does not interpret, such as <c>\\?\C:\faces</c>. Its question mark is not a wildcard.
    /// </summary>
    private static bool IsExtended(string path) => path.StartsWith(@"\\?\", StringComparison.Ordinal) && RuntimeInformation.IsOSPlatform(OSPlatform.Windows);

    /// <summary>Returns the full path of an existing file or folder with this name, as written or without escapes.</summary>
    private string? FindExisting(string path, ErrorCode code) => new[] { path, WildcardPattern.Unescape(path) }
        .Distinct().Select(name => Resolve(name, code)).FirstOrDefault(full => File.Exists(full) || Directory.Exists(full));

    private IReadOnlyList<string> ExpandWildcards(string pattern)
    {
        try
        {
            IReadOnlyList<string> matches = [.. getPaths().GetResolvedProviderPathFromPSPath(pattern, out ProviderInfo provider)];
            return provider.Name == "FileSystem" ? matches : [];
        }
        catch (Exception e) when (e is ItemNotFoundException or WildcardPatternException)
        {
            // A single bracket is an invalid pattern, and a name that matches nothing.
            return [];
        }
    }

    private static FaceGenException CreateNoMatchError(string path, ErrorCode code) =>
        new(code == ErrorCode.LedgerInvalid ? ErrorCode.LedgerNotFound : code, $"No file or folder matches '{DisplayText.Clean(path, 300)}'. Nothing was sent. Check the path.");
}
