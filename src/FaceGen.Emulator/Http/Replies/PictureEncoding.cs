namespace FaceGen.Emulator.Http.Replies;

/// <summary>In which form a picture is sent.</summary>
internal enum PictureEncoding
{
    /// <summary>The PNG itself.</summary>
    Png,

    /// <summary>A text: the PNG in base64.</summary>
    Base64,

    /// <summary>A text: the PNG in base64 after <c>data:image/png;base64,</c>.</summary>
    DataUri,
}
