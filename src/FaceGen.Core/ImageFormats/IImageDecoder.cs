namespace FaceGen.ImageFormats;

/// <summary>Decodes pictures that Core itself cannot.</summary>
internal interface IImageDecoder
{
    /// <summary>The pixels of a JPEG that has been checked.</summary>
    /// <exception cref="FaceGenException">They do not unpack.</exception>
    RgbaImage Decode(byte[] image);
}
