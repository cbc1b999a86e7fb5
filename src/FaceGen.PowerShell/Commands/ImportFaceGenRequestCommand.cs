using System.Management.Automation;
using FaceGen.Contract;
using FaceGen.PowerShell.Pipeline;

namespace FaceGen.PowerShell.Commands;

/// <summary>
/// <para type="synopsis">Imports requests from a CSV, JSON or JSON Lines file and validates them.</para>
/// <para type="description">Column names are the API's field names or the parameter names of New-FaceGenImage. An
/// invalid row gives one error with the file and line; the other rows are imported. The path of a face image is
/// relative to the folder of the file.</para>
/// <para type="description">A parameter of a request, such as -Style, is a default: the value of a row wins. In New-FaceGenImage it
/// replaces the value of the input instead. Columns that are not fields of the API are kept in the property Columns of a request; they
/// are not sent. A file that Export-Csv or ConvertTo-Json wrote of requests is imported with all fields and columns.</para>
/// </summary>
[Cmdlet(VerbsData.Import, "FaceGenRequest", DefaultParameterSetName = ByPath)]
[OutputType(typeof(Request))]
public sealed class ImportFaceGenRequestCommand : RequestFileCmdlet
{
    private const string ByPath = "Path";
    private const string ByLiteralPath = "LiteralPath";

    /// <summary><para type="description">The files; wildcards are allowed.</para></summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ParameterSetName = ByPath)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] Path { get; set; } = [];

    /// <summary><para type="description">The files, without wildcards.</para></summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = ByLiteralPath)]
    [ValidateNotNullOrEmpty]
    [Alias("PSPath", "FullName")]
    public string[]? LiteralPath { get; set; }

    private protected override void Begin()
    {
        // $_ would be the name of the file, not its row.
        if (ScriptBlockField is { } field) throw CreateScriptBlockError(field, "the command reads files");
        base.Begin();
    }

    private protected override void Process()
    {
        foreach (string path in LiteralPath ?? Path)
        {
            ReportErrors(path, () =>
            {
                foreach (RequestRow row in ReadFiles(path, isLiteral: LiteralPath is not null, TypedValues)) Write(row);
            });
        }
    }

    private void Write(RequestRow row)
    {
        StopToken.ThrowIfCancellationRequested();
        RowColumns.Report(this, row);
        if (row.Error is not null) ReportError(row.Error, row.Source);
        else WriteObject(row.Request);
    }
}
