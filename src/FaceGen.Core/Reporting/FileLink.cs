using System.Globalization;
using System.Text;

namespace FaceGen.Reporting;

/// <summary>Links from a page to files of this machine.</summary>
internal static class FileLink
{
    private const string Unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

    /// <summary>
    /// A file beside or below the page is linked relative to it, so that both can be moved together; any other by its full
    /// path.
    /// </summary>
    /// <param name="folder">The full path of the page's folder.</param>
    /// <param name="file">The file's full path; one of another machine's system is taken as it stands.</param>
    internal static string Create(string folder, string file)
    {
        bool isWindows = IsDrive(file) || file.StartsWith(@"\\", StringComparison.Ordinal);
        string path = isWindows ? file.Replace('\\', '/') : file;
        string root = (isWindows ? folder.Replace('\\', '/') : folder).TrimEnd('/') + "/";
        if (path.StartsWith(root, isWindows ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal)) return Escape(path.Substring(root.Length));

        // The first slashes of a share's path are those of the link already.
        if (path.StartsWith("//", StringComparison.Ordinal)) return "file:" + Escape(path);
        return IsDrive(path) ? $"file:///{path.Substring(0, 2)}{Escape(path.Substring(2))}" : "file://" + Escape(path);
    }

    private static bool IsDrive(string path) => path.Length > 2 && path[1] == ':' && path[2] is '\\' or '/';

    /// <summary>By UTF-8, whatever the character: a name may hold what marks a query, a fragment or an escape.</summary>
    private static string Escape(string path)
    {
        var escaped = new StringBuilder(path.Length);
        foreach (byte b in Encoding.UTF8.GetBytes(path))
        {
            if (b == '/' || Unreserved.Contains((char)b)) escaped.Append((char)b);
            else escaped.Append('%').Append(b.ToString("X2", CultureInfo.InvariantCulture));
        }

        return escaped.ToString();
    }
}
