namespace FaceGen.ImageFormats;

/// <summary>The size and the end marker in the structure of an image file.</summary>
/// <param name="Width">The width in pixels.</param>
/// <param name="Height">The height in pixels.</param>
/// <param name="HasEndMarker">Whether the file ends with the end marker of its format; without it all pixels are there all the same.</param>
internal readonly record struct ImageSize(int Width, int Height, bool HasEndMarker = true);
