using System.ComponentModel;
using System.Globalization;

namespace FaceGen.Contract;

/// <summary>
/// Converts the values that a face image can be given as, for functions that declare a parameter of its type, such as a proxy of
/// New-FaceGenImage. The command that gets the image reads the value.
/// </summary>
public sealed class FaceImageConverter : TypeConverter
{
    /// <inheritdoc/>
    public override bool CanConvertFrom(ITypeDescriptorContext? context, Type sourceType) => sourceType == typeof(string) || sourceType == typeof(Uri)
        || sourceType == typeof(FileInfo) || sourceType == typeof(byte[]) || sourceType == typeof(SavedImage) || sourceType == typeof(PublishedFace);

    /// <inheritdoc/>
    public override object? ConvertFrom(ITypeDescriptorContext? context, CultureInfo? culture, object value) =>
        value is string text && InvisibleCharacters.IsEmpty(text) ? null : FaceImage.FromUnread(value);
}
