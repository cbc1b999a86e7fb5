using System.Runtime.InteropServices;
using FaceGen.Contract;
using SkiaSharp;

namespace FaceGen.Emulator.Drawing;

/// <summary>Loads SkiaSharp's native library at the start: without it, no picture could be drawn later.</summary>
internal static class SkiaNative
{
    private const string Name = "libSkiaSharp";

    private static readonly Lazy<string?> Fault = new(static () => Load(AppContext.BaseDirectory));

    /// <summary>Loads the library if it is not loaded yet.</summary>
    /// <exception cref="DllNotFoundException">It is missing, blocked, or not for this platform.</exception>
    internal static void Load()
    {
        if (Fault.Value is { } fault)
        {
            throw new DllNotFoundException(
                $"The emulator cannot draw pictures, because SkiaSharp does not load on {NativeLibraryFiles.Platform}: {fault}. "
                + "Install the module again, or allow the file if a security policy blocks it.");
        }
    }

    /// <summary>Loads the library from a folder; returns why it does not load, or null.</summary>
    private static string? Load(string folder)
    {
        string? fault = null;
        // A build for one machine has its library beside the program.
        string own = Path.Combine(folder, Path.GetFileName(NativeLibraryFiles.GetPath(folder, Name)));
        foreach (string file in File.Exists(own) ? [own] : NativeLibraryFiles.Find(folder, Name))
        {
            try
            {
                nint library = NativeLibrary.Load(file);
                NativeLibrary.SetDllImportResolver(typeof(SKImageInfo).Assembly, (name, _, _) => name == Name ? library : 0);
                return null;
            }
            catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
            {
                fault ??= NativeLibraryFiles.Describe(e);
            }
        }

        return fault ?? $"'{NativeLibraryFiles.GetPath(folder, Name)}' is missing";
    }
}
