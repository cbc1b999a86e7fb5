using System.Management.Automation;
using FaceGen.Contract;
using FaceGen.PowerShell.Loading;
using FaceGen.PowerShell.Pipeline;

namespace FaceGen.PowerShell.Commands;

/// <summary>
/// <para type="synopsis">Reads a CSV, JSON or JSON Lines file into checked requests.</para>
/// <para type="description">Columns are named as the API's fields or as the parameters of New-FaceGenImage. A bad row
/// gives one error that names the file and line, and the other rows are read on. The path of a face image is relative
/// to the file's own folder.</para>
/// </summary>
[Cmdlet(VerbsData.Import, "FaceGenRequest", DefaultParameterSetName = ByPath)]
[OutputType(typeof(Request))]
public sealed class ImportFaceGenRequestCommand : FaceGenCmdlet
{
    private const string ByPath = "Path";
    private const string ByLiteralPath = "LiteralPath";

    /// <summary>How many rows are read ahead.</summary>
    private const int RowsAtOnce = 64;

    /// <summary><para type="description">The files; wildcards are resolved.</para></summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ParameterSetName = ByPath)]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    /// <summary><para type="description">The files, taken as they stand: no character is a wildcard.</para></summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = ByLiteralPath)]
    [ValidateNotNullOrEmpty]
    [Alias("PSPath", "FullName")]
    public string[]? LiteralPath { get; set; }

    /// <summary><para type="description">Csv, Json or JsonLines; told by the extension and content unless given.</para></summary>
    [Parameter]
    public RequestFileFormat? Format { get; set; }

    /// <summary><para type="description">What separates the cells of a CSV; told by its first line unless given.</para></summary>
    [Parameter]
    public char? Delimiter { get; set; }

    private protected override void Process()
    {
        foreach (string path in LiteralPath ?? Path)
        {
            try
            {
                IReadOnlyList<string> files = LiteralPath is null
                    ? ResolveWildcards(path, ErrorCode.RequestFileInvalid)
                    : [ResolvePath(path, ErrorCode.RequestFileInvalid)];
                foreach (string file in files) Read(file);
            }
            catch (FaceGenException e)
            {
                WriteFault(e, path);
            }
        }
    }

    /// <summary>Reads away from the pipeline's thread, which must answer a stop also while a disk or a share does not.</summary>
    private void Read(string path)
    {
        using IEnumerator<RequestRow> rows = BatchesRoom.RequestFiles.Read(path, Format, Delimiter).GetEnumerator();
        while (RunUntil(Task.Run(() => Next(rows))) is { Count: > 0 } next)
        {
            foreach (RequestRow row in next) Write(row);
        }
    }

    private static List<RequestRow> Next(IEnumerator<RequestRow> rows)
    {
        List<RequestRow> next = new(RowsAtOnce);
        while (next.Count < RowsAtOnce && rows.MoveNext()) next.Add(rows.Current);
        return next;
    }

    private void Write(RequestRow row)
    {
        Stop.ThrowIfCancellationRequested();
        if (row.Unknown.Count > 0)
            WriteWarning($"{row.Source}: the API has no field {string.Join(", ", row.Unknown.Select(name => $"'{DisplayText.Clean(name, 60)}'"))}; it is left out.");

        if (row.Error is not null) WriteFault(row.Error, row.Source);
        else WriteObject(row.Request);
    }
}
