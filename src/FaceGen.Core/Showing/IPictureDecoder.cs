using FaceGen.Contract;

namespace FaceGen.Showing;

/// <summary>Decodes pictures that Core itself cannot.</summary>
internal interface IPictureDecoder
{
    /// <summary>The pixels of a JPEG that has been checked.</summary>
    /// <exception cref="FaceGenException">They do not unpack.</exception>
    Picture Decode(byte[] image);
}
