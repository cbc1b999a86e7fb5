#if NETSTANDARD
using System.Runtime.InteropServices;
#endif

namespace FaceGen.Batches.Ledgers.Sqlite;

/// <summary>
/// Brings SQLite's own library in. On PowerShell 7 the load context of this assembly finds it; Windows PowerShell has
/// none, and finds by name what was loaded by path before.
/// </summary>
internal static class SqliteNative
{
    /// <summary>Gives true, so that a static field can do it once.</summary>
    internal static bool Load()
    {
#if NETSTANDARD
        string folder = Path.Combine(Path.GetDirectoryName(typeof(SqliteNative).Assembly.Location)!, "..", "..", "runtimes");
        string architecture = RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant();
        if (RuntimeInformation.IsOSPlatform(OSPlatform.Windows)) LoadLibrary(Path.GetFullPath(Path.Combine(folder, $"win-{architecture}", "native", "e_sqlite3.dll")));
#endif
        SQLitePCL.Batteries_V2.Init();
        return true;
    }

#if NETSTANDARD
    [DllImport("kernel32", CharSet = CharSet.Unicode, ExactSpelling = true, EntryPoint = "LoadLibraryW")]
    private static extern IntPtr LoadLibrary(string path);
#endif
}
