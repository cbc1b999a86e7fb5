using System.Globalization;
using System.Text;

namespace FaceGen.Reporting;

/// <summary>Creates links from a report to files.</summary>
internal static class FileLink
{
    private const string Unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

    /// <summary>
    /// Returns a link that is relative if the file is in the report's folder or below, so that both can be moved together;
    /// otherwise one with the full path.
    /// </summary>
    /// <param name="folder">The full path of the report's folder.</param>
    /// <param name="file">The full path of the file, of Windows or Unix.</param>
    internal static string Create(string folder, string file)
    {
        bool isWindows = IsDrive(file) || file.StartsWith(@"\\", StringComparison.Ordinal);
        string path = isWindows ? file.Replace('\\', '/') : file;
        string root = (isWindows ? folder.Replace('\\', '/') : folder).TrimEnd('/') + "/";
        if (path.StartsWith(root, isWindows ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal)) return Escape(path.Substring(root.Length));

        // The path of a share begins with the slashes of the link.
        if (path.StartsWith("//", StringComparison.Ordinal)) return "file:" + Escape(path);
        return IsDrive(path) ? $"file:///{path.Substring(0, 2)}{Escape(path.Substring(2))}" : "file://" + Escape(path);
    }

    private static bool IsDrive(string path) => path.Length > 2 && path[1] == ':' && path[2] is '\\' or '/';

    /// <summary>Escapes the UTF-8 bytes of a path: a name may contain the characters of a query, a fragment or an escape.</summary>
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
