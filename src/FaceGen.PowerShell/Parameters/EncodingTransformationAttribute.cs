using System.Globalization;
using System.Management.Automation;
using System.Text;
using FaceGen.Contract;

namespace FaceGen.PowerShell.Parameters;

/// <summary>Converts the name of an encoding, as PowerShell's own cmdlets accept it, or the number of a code page.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class EncodingTransformationAttribute : ArgumentTransformationAttribute
{
    /// <summary>The names that differ from those of .NET, with their code pages; 0 stands for that of the culture.</summary>
    private static readonly Dictionary<string, Func<int>> CodePages = new(StringComparer.OrdinalIgnoreCase)
    {
        ["utf8"] = () => 65001,
        ["utf8BOM"] = () => 65001,
        ["utf8NoBOM"] = () => 65001,
        ["ansi"] = () => CultureInfo.CurrentCulture.TextInfo.ANSICodePage,
        ["oem"] = () => CultureInfo.CurrentCulture.TextInfo.OEMCodePage,
        ["unicode"] = () => 1200,
        ["bigendianunicode"] = () => 1201,
        ["utf32"] = () => 12000,
        ["bigendianutf32"] = () => 12001,
        ["ascii"] = () => 20127,
    };

    /// <summary>Gets the names to complete.</summary>
    internal static IEnumerable<string> Names => CodePages.Keys;

    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        object raw = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        if (raw is not (string or int)) return raw;

        string text = Convert.ToString(raw, CultureInfo.InvariantCulture)!.Trim();
        try
        {
            Encoding encoding = CodePages.TryGetValue(text, out Func<int>? getCodePage) ? Find(getCodePage())
                : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? Find(number)
                : Find(text);
            encoding = (Encoding)encoding.Clone();
            // Bytes that the encoding does not have are then refused as damaged text.
            encoding.DecoderFallback = new DecoderReplacementFallback("\uFFFD");
            return encoding;
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            throw new ArgumentTransformationMetadataException($"'{DisplayText.Clean(text, 60)}' is not an encoding of this machine. Nothing was read. Give {string.Join(", ", Names)}, another name such as windows-1252, or the number of a code page.", e);
        }
    }

#if NETSTANDARD
    private static Encoding Find(int codePage) => Encoding.GetEncoding(codePage);

    private static Encoding Find(string name) => Encoding.GetEncoding(name);
#else
    // Registering the provider would change the encodings of the whole process.
    private static Encoding Find(int codePage) => CodePagesEncodingProvider.Instance.GetEncoding(codePage) ?? Encoding.GetEncoding(codePage);

    private static Encoding Find(string name) => CodePagesEncodingProvider.Instance.GetEncoding(name) ?? Encoding.GetEncoding(name);
#endif
}
