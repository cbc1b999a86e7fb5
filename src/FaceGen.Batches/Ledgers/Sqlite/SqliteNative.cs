#if NETSTANDARD
using System.Runtime.InteropServices;
using System.Text;
#endif

namespace FaceGen.Batches.Ledgers.Sqlite;

/// <summary>
/// Loads SQLite's native library. On PowerShell 7 the load context of this assembly finds it; on Windows PowerShell it is loaded by its
/// path, after which it is found by its name.
/// </summary>
internal static class SqliteNative
{
    internal static void Load()
    {
#if NETSTANDARD
        bool isWindows = RuntimeInformation.IsOSPlatform(OSPlatform.Windows), isMac = RuntimeInformation.IsOSPlatform(OSPlatform.OSX);
        (string system, string name) = isWindows ? ("win", "e_sqlite3.dll") : isMac ? ("osx", "libe_sqlite3.dylib") : ("linux", "libe_sqlite3.so");
        string architecture = RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant();
        string build = Path.GetDirectoryName(Path.GetDirectoryName(typeof(SqliteNative).Assembly.Location)!)!;
        string file = Path.GetFullPath(Path.Combine(build, "..", "runtimes", $"{system}-{architecture}", "native", name));
        if (isWindows) LoadLibrary(file);
        else OpenLibrary(Encoding.UTF8.GetBytes(file + "\0"), ResolveNow);
#endif
        SQLitePCL.Batteries_V2.Init();
    }

#if NETSTANDARD
    private const int ResolveNow = 2;

    [DllImport("kernel32", CharSet = CharSet.Unicode, ExactSpelling = true, EntryPoint = "LoadLibraryW")]
    private static extern IntPtr LoadLibrary(string path);

    [DllImport("libc", EntryPoint = "dlopen")]
    private static extern IntPtr OpenLibrary(byte[] path, int flags);
#endif
}
