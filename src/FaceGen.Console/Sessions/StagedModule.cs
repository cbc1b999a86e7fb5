namespace FaceGen.Console.Sessions;

/// <summary>The module as the build stages it.</summary>
internal static class StagedModule
{
    private static readonly string Manifest = Path.Combine("artifacts", "FaceGen", "FaceGen.psd1");

    /// <summary>
    /// Looks for <c>artifacts/FaceGen/FaceGen.psd1</c> in a folder and all those above it; null if nowhere.
    /// </summary>
    internal static string? Find(string folder)
    {
        for (DirectoryInfo? at = new(folder); at is not null; at = at.Parent)
        {
            string manifest = Path.Combine(at.FullName, Manifest);
            if (File.Exists(manifest))
                return manifest;
        }

        return null;
    }
}
