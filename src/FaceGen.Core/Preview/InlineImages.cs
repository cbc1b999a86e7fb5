using FaceGen.ImageFormats;
using System.Globalization;
using System.Text;

namespace FaceGen.Preview;

/// <summary>Sends images to terminals that draw them themselves.</summary>
internal static class InlineImages
{
    /// <summary>The largest chunk of base64 that Kitty accepts.</summary>
    private const int KittyChunkLength = 4096;

    /// <summary>Returns the escape codes for a PNG in Kitty, without a response of the terminal.</summary>
    internal static string Kitty(byte[] png, int columns) => Kitty("f=100", png, columns);

    /// <summary>Returns the escape codes for pixels in Kitty.</summary>
    internal static string Kitty(RgbaImage image, int columns) =>
        Kitty(string.Format(CultureInfo.InvariantCulture, "f=32,s={0},v={1}", image.Width, image.Height), image.Pixels, columns);

    private static string Kitty(string format, byte[] content, int columns)
    {
        string data = Convert.ToBase64String(content);
        var text = new StringBuilder(data.Length + (data.Length / KittyChunkLength * 12) + 64);
        for (int at = 0; at < data.Length; at += KittyChunkLength)
        {
            int length = Math.Min(KittyChunkLength, data.Length - at);
            text.Append("\u001B_G");
            if (at == 0) text.Append("a=T,").Append(format).Append(",q=2,c=").Append(columns.ToString(CultureInfo.InvariantCulture)).Append(',');
            text.Append(at + length < data.Length ? "m=1;" : "m=0;").Append(data, at, length).Append("\u001B\\");
        }

        return text.ToString();
    }

    /// <summary>Returns the escape code for an image file in iTerm2.</summary>
    internal static string ITerm2(byte[] image, int columns) => string.Format(CultureInfo.InvariantCulture,
        "\u001B]1337;File=inline=1;size={0};width={1};preserveAspectRatio=1:{2}\u0007", image.Length, columns, Convert.ToBase64String(image));
}
