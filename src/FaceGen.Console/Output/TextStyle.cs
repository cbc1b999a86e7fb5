using System.Management.Automation;
using System.Management.Automation.Internal;

namespace FaceGen.Console.Output;

/// <summary>Colours in text, as PowerShell writes and removes them.</summary>
internal static class TextStyle
{
    /// <summary>The text in the given colours. A terminal's own colours, which have no name, change nothing.</summary>
    internal static string Coloured(string text, ConsoleColor foreground, ConsoleColor background)
    {
        string style =
            (Enum.IsDefined(foreground) ? PSStyle.MapForegroundColorToEscapeSequence(foreground) : "")
            + (Enum.IsDefined(background) ? PSStyle.MapBackgroundColorToEscapeSequence(background) : "");
        return style.Length == 0 ? text : $"{style}{text}{PSStyle.Instance.Reset}";
    }

    /// <summary>The text without colours; other control sequences stay.</summary>
    internal static string Plain(string text) =>
        text.Contains('\e', StringComparison.Ordinal)
            ? new StringDecorated(text).ToString(OutputRendering.PlainText)
            : text;
}
