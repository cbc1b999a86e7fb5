using System.Management.Automation;
using FaceGen.Contract;
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
public sealed class ImportFaceGenRequestCommand : RequestFileCmdlet
{
    private const string ByPath = "Path";
    private const string ByLiteralPath = "LiteralPath";

    /// <summary><para type="description">The files; wildcards are resolved.</para></summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ParameterSetName = ByPath)]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    /// <summary><para type="description">The files, taken as they stand: no character is a wildcard.</para></summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = ByLiteralPath)]
    [ValidateNotNullOrEmpty]
    [Alias("PSPath", "FullName")]
    public string[]? LiteralPath { get; set; }

    private protected override void Process()
    {
        foreach (string path in LiteralPath ?? Path)
        {
            try
            {
                foreach (RequestRow row in ResolveFiles(path, isLiteral: LiteralPath is not null).SelectMany(ReadFile)) Write(row);
            }
            catch (FaceGenException e)
            {
                ReportError(e, path);
            }
        }
    }

    private void Write(RequestRow row)
    {
        StopToken.ThrowIfCancellationRequested();
        WarnUnknownColumns(row.Source, row.UnknownNames);
        if (row.Error is not null) ReportError(row.Error, row.Source);
        else WriteObject(row.Request);
    }
}
