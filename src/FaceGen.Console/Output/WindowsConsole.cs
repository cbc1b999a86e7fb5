using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace FaceGen.Console.Output;

/// <summary>A Windows console heeds control sequences only when told to.</summary>
[SupportedOSPlatform("windows")]
internal static partial class WindowsConsole
{
    private const int StandardOutput = -11;
    private const int StandardError = -12;
    private const uint VirtualTerminalProcessing = 0x0004;

    /// <summary>Turns control sequences on for the console behind either output; false where there is none.</summary>
    internal static bool EnableControlSequences()
    {
        bool output = Enable(StandardOutput);
        bool error = Enable(StandardError);
        return output || error;
    }

    private static bool Enable(int stream)
    {
        nint handle = GetStdHandle(stream);
        return GetConsoleMode(handle, out uint mode) && SetConsoleMode(handle, mode | VirtualTerminalProcessing);
    }

    [LibraryImport("kernel32.dll", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial nint GetStdHandle(int stream);

    [LibraryImport("kernel32.dll", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool GetConsoleMode(nint handle, out uint mode);

    [LibraryImport("kernel32.dll", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool SetConsoleMode(nint handle, uint mode);
}
