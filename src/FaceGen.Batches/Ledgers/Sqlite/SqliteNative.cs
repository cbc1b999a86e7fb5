using System.Runtime.InteropServices;
using FaceGen.Contract;
#if NETSTANDARD
using System.ComponentModel;
using System.Text;
#else
using System.Reflection;
#endif

namespace FaceGen.Batches.Ledgers.Sqlite;

/// <summary>Loads SQLite's native library: that of the module, or else the one that .NET finds beside a program.</summary>
internal static class SqliteNative
{
    /// <summary>The name by which P/Invoke finds it.</summary>
    private const string Name = "e_sqlite3";

    private static readonly Lazy<string?> Fault = new(() => Load(GetModuleFolder()));

    /// <summary>Loads the library if it is not loaded yet.</summary>
    /// <exception cref="FaceGenException">It is missing, blocked, or not for this platform.</exception>
    internal static void Load()
    {
        if (Fault.Value is { } fault)
            throw new FaceGenException(ErrorCode.LedgerUnreachable, $"The ledger cannot be opened, because SQLite does not load on {NativeLibraryFiles.Platform}: {fault}. Nothing was sent. Install the module again, allow the file if a security policy blocks it, or name a PostgreSQL database with -Ledger.");
    }

    /// <summary>Returns the folder that contains the native libraries of the staged module: the assembly is in <c>bin/{framework}/batches</c>.</summary>
    private static string GetModuleFolder() => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(typeof(SqliteNative).Assembly.Location)!, "..", ".."));

    /// <summary>Loads the library from a folder; returns why it does not load, or null.</summary>
    private static string? Load(string folder)
    {
        try
        {
            IntPtr library = LoadFirst([.. NativeLibraryFiles.Find(folder, Name)]);
#if !NETSTANDARD
            nint Resolve(string name, Assembly assembly, DllImportSearchPath? path) => name == Name ? library : 0;
            NativeLibrary.SetDllImportResolver(typeof(SQLitePCL.SQLite3Provider_e_sqlite3).Assembly, Resolve);
            NativeLibrary.SetDllImportResolver(typeof(SqliteNative).Assembly, Resolve);
#endif
            SQLitePCL.Batteries_V2.Init();
            return null;
        }
        catch (DllNotFoundException) when (!NativeLibraryFiles.Find(folder, Name).Any())
        {
            return $"'{NativeLibraryFiles.GetPath(folder, Name)}' is missing";
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException or EntryPointNotFoundException)
        {
            return NativeLibraryFiles.Describe(e);
        }
    }

    /// <summary>Loads the first library that loads, and throws the error of the first one if none does.</summary>
    /// <returns>The library; zero if there are no files.</returns>
    private static IntPtr LoadFirst(string[] files)
    {
        Exception? first = null;
        foreach (string file in files)
        {
            try
            {
                return LoadFile(file);
            }
            catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
            {
                first ??= e;
            }
        }

        return first is null ? IntPtr.Zero : throw first;
    }

#if NETSTANDARD
    private const int ResolveNow = 2;

    /// <summary>Loads a library by its path, after which P/Invoke finds it by its name.</summary>
    private static IntPtr LoadFile(string file)
    {
        IntPtr library = RuntimeInformation.IsOSPlatform(OSPlatform.Windows) ? LoadLibrary(file) : OpenLibrary(Encoding.UTF8.GetBytes(file + "\0"), ResolveNow);
        return library != IntPtr.Zero ? library : throw new DllNotFoundException($"'{file}' does not load: {new Win32Exception().Message}");
    }

    [DllImport("kernel32", CharSet = CharSet.Unicode, ExactSpelling = true, EntryPoint = "LoadLibraryW", SetLastError = true)]
    private static extern IntPtr LoadLibrary(string path);

    [DllImport("libc", EntryPoint = "dlopen")]
    private static extern IntPtr OpenLibrary(byte[] path, int flags);
#else
    private static nint LoadFile(string file) => NativeLibrary.Load(file);
#endif
}
