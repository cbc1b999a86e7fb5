using System.Management.Automation;
using FaceGen.Contract;
using FaceGen.PowerShell.Loading;

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

    /// <summary>Returns the rows of the request files at a path.</summary>
    /// <param name="path">The path.</param>
    /// <param name="isLiteral">True if no character is a wildcard.</param>
    /// <param name="defaults">The values of rows that give none of their own.</param>
    /// <exception cref="FaceGenException">No file matches.</exception>
    private protected IEnumerable<RequestRow> ReadFiles(string path, bool isLiteral, CommandValues defaults) => Paths
        .ResolveInput(path, isLiteral, ErrorCode.RequestFileInvalid)
        .SelectMany(file => Work.ReadAhead(BatchFactoryLoader.RequestFileReader.Read(file, Format, Delimiter, defaults)));
}
