using System.Net;
using System.Text;
using FaceGen.Contract;

namespace FaceGen.Reporting;

/// <summary>The page of a report without its data: markup, style and script in one file that loads nothing else.</summary>
internal static class ReportPage
{
    private const string DataPlaceholder = "{{data}}";

    private static readonly string Style = ReadResource("report.css");
    private static readonly string Script = ReadResource("report.js");
    private static readonly string Markup = ReadResource("report.html");

    /// <summary>
    /// The content security policy: only this style, this script and local image files, so that the browser runs nothing that a
    /// prompt contains.
    /// </summary>
    private static readonly string Policy =
        $"default-src 'none'; script-src '{Hash(Script)}'; style-src '{Hash(Style)}'; img-src 'self' file:; "
        + "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

    /// <summary>Returns the page before and after the data.</summary>
    internal static (string Head, string Tail) CreateFrame(string title)
    {
        int data = Markup.IndexOf(DataPlaceholder, StringComparison.Ordinal);
        string head = Markup.Substring(0, data)
            .Replace("{{policy}}", Policy).Replace("{{style}}", Style).Replace("{{title}}", WebUtility.HtmlEncode(title));
        return (head, Markup.Substring(data + DataPlaceholder.Length).Replace("{{script}}", Script));
    }

    private static string Hash(string text) => "sha256-" + Sha256.ComputeBase64(Encoding.UTF8.GetBytes(text));

    /// <summary>Reads a resource with the line ends that a browser computes the hash of.</summary>
    private static string ReadResource(string name)
    {
        using Stream stream = typeof(ReportPage).Assembly.GetManifestResourceStream(name)!;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd().Replace("\r\n", "\n");
    }
}
