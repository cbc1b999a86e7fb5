using System.Management.Automation;
using System.Text;
using FaceGen.Contract;
using FaceGen.PowerShell.Loading;
using FaceGen.PowerShell.Parameters;

namespace FaceGen.PowerShell.Pipeline;

/// <summary>Base class of the cmdlets that read request files.</summary>
public abstract class RequestFileCmdlet : RequestCmdlet
{
    /// <summary>
    /// <para type="description">The format of the input: Csv, Json or JsonLines. The default depends on the extension
    /// and the content.</para>
    /// </summary>
    [Parameter]
    public RequestFileFormat? Format { get; set; }

    /// <summary>
    /// <para type="description">The delimiter of the CSV cells. The default depends on the first line.</para>
    /// </summary>
    [Parameter]
    public char? Delimiter { get; set; }

    /// <summary>
    /// <para type="description">The encoding of files without a byte order mark: utf8 (the default), ansi (that of the current culture,
    /// such as Excel writes), oem, unicode, bigendianunicode, utf32, ascii, the name of another one such as windows-1252, or the number
    /// of a code page.</para>
    /// </summary>
    [Parameter]
    [ValidateNotNull]
    [EncodingTransformation]
    [ArgumentCompleter(typeof(EncodingCompleter))]
    public Encoding? Encoding { get; set; }

    /// <summary>Returns the rows of the request files at a path.</summary>
    /// <param name="path">The path.</param>
    /// <param name="isLiteral">True if no character is a wildcard.</param>
    /// <param name="defaults">The values of rows that give none of their own.</param>
    /// <exception cref="FaceGenException">No file matches.</exception>
    private protected IEnumerable<RequestRow> ReadFiles(string path, bool isLiteral, CommandValues defaults) => Paths
        .ResolveInput(path, isLiteral, ErrorCode.RequestFileInvalid)
        .SelectMany(file => Work.ReadAhead(BatchFactoryLoader.RequestFileReader.Read(file, Format, Delimiter, Encoding, defaults)));
}
