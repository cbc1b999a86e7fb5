using SkiaSharp;

namespace FaceGen.Emulator.Drawing.Framing;

/// <summary>Crops the face image to the asked size: covering it all, and rather high, where faces are.</summary>
internal static class Framer
{
    /// <summary>Where a portrait's face lies in what is cut off above and below: a third from the top.</summary>
    private const float VerticalCenter = 0.33f;

    /// <summary>How much of the spare room the seed may use.</summary>
    private const float ShiftRange = 0.25f;

    private static readonly SKSamplingOptions Linear = new(SKFilterMode.Linear);

    internal static SKBitmap Frame(FacePyramid faces, PictureSpec spec, Variation variation)
    {
        SKImage face = faces.GetLevel(spec.Width, spec.Height);
        float scale = Math.Max((float)spec.Width / face.Width, (float)spec.Height / face.Height) * variation.Zoom;
        float width = face.Width * scale;
        float height = face.Height * scale;
        float left = (spec.Width - width) * (0.5f + (ShiftRange * variation.Shift.X));
        float top = (spec.Height - height) * (VerticalCenter + (ShiftRange * variation.Shift.Y));

        var picture = new SKBitmap(Surfaces.Info(spec.Width, spec.Height));
        using var canvas = new SKCanvas(picture);
        canvas.DrawImage(face, SKRect.Create(left, top, width, height), Linear);
        return picture;
    }
}
