using System.Management.Automation;
using FaceGen.Generating;
using FaceGen.PowerShell.Pipeline;
using FaceGen.PowerShell.State;

namespace FaceGen.PowerShell.Commands;

/// <summary>
/// <para type="synopsis">Uploads local face images, each once; the link serves any number of requests.</para>
/// <para type="description">The link works for 24 hours. New-FaceGenImage and Invoke-FaceGenBatch upload each local
/// image unless -NoUpload is given; use this command to share a link with other programs, or between runs. An image that this session has
/// uploaded is not uploaded again while its link works.</para>
/// </summary>
[Cmdlet(VerbsData.Publish, "FaceGenFace", SupportsShouldProcess = true, DefaultParameterSetName = ByPath)]
[OutputType(typeof(PublishedFace))]
public sealed class PublishFaceGenFaceCommand : ServiceCmdlet
{
    private const string ByPath = "Path";
    private const string ByLiteralPath = "LiteralPath";

    /// <summary>The number of uploads at the same time.</summary>
    private const int MaxConcurrency = 4;

    /// <summary>
    /// <para type="description">PNG, JPEG or WebP files of at most 5 MB; wildcards are allowed.</para>
    /// </summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ParameterSetName = ByPath)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] Path { get; set; } = [];

    /// <summary><para type="description">PNG, JPEG or WebP files of at most 5 MB, without wildcards.</para></summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = ByLiteralPath)]
    [ValidateNotNullOrEmpty]
    [Alias("PSPath", "FullName")]
    public string[] LiteralPath { get; set; } = [];

    private protected override void Process()
    {
        bool isLiteral = ParameterSetName == ByLiteralPath;
        foreach (string path in isLiteral ? LiteralPath : Path)
        {
            ReportErrors(path, () =>
            {
                foreach (string file in Paths.ResolveInput(path, isLiteral, ErrorCode.FaceImageInvalid)) Publish(file);
            });
        }
    }

    private void Publish(string path)
    {
        FaceImage face = Work.WaitFor(Task.Run(() => FaceImage.FromFile(path)));
        if (!ShouldProcess(path, $"Upload the face image{Describe(Connection ?? Connections.Current)}")) return;

        Connection connection = CurrentConnection;
        Work.Drain(MaxConcurrency - 1);
        Work.Start(path, () => Account.For(connection).FaceUploads.PublishAsync(connection, face, Log, StopToken), WriteObject);
    }
}
