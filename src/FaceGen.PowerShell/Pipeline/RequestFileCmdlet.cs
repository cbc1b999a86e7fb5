using System.Management.Automation;
using FaceGen.Contract;
using FaceGen.PowerShell.Loading;

namespace FaceGen.PowerShell.Pipeline;

/// <summary>What the cmdlets share that read request files.</summary>
public abstract class RequestFileCmdlet : FaceGenCmdlet
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

    /// <summary>The files that a path names.</summary>
    /// <exception cref="FaceGenException">There is none.</exception>
    private protected IReadOnlyList<string> ResolveFiles(string path, bool isLiteral) => isLiteral
        ? [ResolvePath(path, ErrorCode.RequestFileInvalid)]
        : ResolveWildcards(path, ErrorCode.RequestFileInvalid);

    /// <summary>Reads the rows of a file.</summary>
    private protected IEnumerable<RequestRow> ReadFile(string file) =>
        ReadAhead(BatchFactoryLoader.RequestFileReader.Read(file, Format, Delimiter));
}
