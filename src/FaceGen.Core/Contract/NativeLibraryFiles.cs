using System.Runtime.InteropServices;

namespace FaceGen.Contract;

/// <summary>Finds native libraries that are in a folder for several platforms: <c>runtimes/{platform}/native/{file}</c>.</summary>
internal static class NativeLibraryFiles
{
    private static readonly string Architecture = RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant();

    private static readonly (string System, string Prefix, string Extension) Naming =
        RuntimeInformation.IsOSPlatform(OSPlatform.Windows) ? ("win", "", ".dll")
        : RuntimeInformation.IsOSPlatform(OSPlatform.OSX) ? ("osx", "lib", ".dylib")
        : (IsMusl ? "linux-musl" : "linux", "lib", ".so");

    /// <summary>Gets the platform of this process, such as <c>linux-x64</c>.</summary>
    internal static string Platform => $"{Naming.System}-{Architecture}";

#if NETSTANDARD
    private static bool IsMusl => false;
#else
    /// <summary>True if musl is the C library. A runtime that Alpine Linux built has its name in the identifier.</summary>
    private static bool IsMusl => RuntimeInformation.RuntimeIdentifier is { } id
        && (id.Contains("musl", StringComparison.Ordinal) || id.StartsWith("alpine", StringComparison.Ordinal));
#endif

    /// <summary>Returns the path that a library has for this platform.</summary>
    /// <param name="folder">The folder that contains the folder <c>runtimes</c>.</param>
    /// <param name="name">The name of the library on Windows, without the extension.</param>
    internal static string GetPath(string folder, string name) => GetPath(folder, Platform, name);

    /// <summary>
    /// Returns the paths of a library that exist for this platform, the most likely first. On Linux the last one is for musl, whose
    /// runtime may have the identifier of another distribution; on macOS it is for every processor.
    /// </summary>
    /// <inheritdoc cref="GetPath(string, string)"/>
    internal static IEnumerable<string> Find(string folder, string name)
    {
        string other = Naming.System == "osx" ? "osx" : $"linux-musl-{Architecture}";
        string[] platforms = Naming.System == "win" ? [Platform] : [Platform, other];
        return platforms.Distinct().Select(platform => GetPath(folder, platform, name)).Where(File.Exists);
    }

    /// <summary>Returns the message of a library that does not load, in one line.</summary>
    internal static string Describe(Exception error) => string.Join(" ", error.Message.Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries)).TrimEnd('.');

    private static string GetPath(string folder, string platform, string name) =>
        Path.Combine(folder, "runtimes", platform, "native", (name.StartsWith(Naming.Prefix, StringComparison.Ordinal) ? "" : Naming.Prefix) + name + Naming.Extension);
}
