using System.Management.Automation;
using FaceGen.Accounts;
using FaceGen.Generating;
using FaceGen.PowerShell.Parameters;
using FaceGen.PowerShell.Pipeline;
using FaceGen.Saving;

namespace FaceGen.PowerShell.Commands;

/// <summary>
/// <para type="synopsis">Saves the images of generations as files.</para>
/// <para type="description">Downloads several images at a time. Each image is verified to its last byte and gets its
/// name only when it is complete; its extension is that of its format. An image that lacks only the end marker of its
/// format, in every download, is saved with a warning and marked Incomplete.</para>
/// </summary>
[Cmdlet(VerbsData.Save, "FaceGenOutput", SupportsShouldProcess = true, DefaultParameterSetName = ByPath)]
[OutputType(typeof(SavedImage))]
public sealed class SaveFaceGenOutputCommand : ServiceCmdlet
{
    private const string ByPath = "Path";
    private const string ByLiteralPath = "LiteralPath";

    private readonly ProgressMeter _progress = new("Saving images");
    private ImageSaver? _saver;
    private SemaphoreSlim? _downloads;
    private string _folder = "";
    private Destination? _destination;
    private FileNameTemplate? _name;
    private Task<bool>? _cleanup;

    /// <summary>How many generations may wait for their end or their turn, so that a long input stays in flat memory.</summary>
    private const int MaxPending = 64;

    /// <summary>How long a generation is waited for that is still under way: as long as Wait-FaceGenImage waits.</summary>
    private static readonly TimeSpan WaitTimeout = TimeSpan.FromSeconds(600);

    /// <summary>
    /// <para type="description">The folder; wildcards must match one folder. It is created if it does not exist. The
    /// default is the current location.</para>
    /// </summary>
    [Parameter(Position = 0, ParameterSetName = ByPath)]
    [ValidateNotNullOrEmpty]
    [Alias("Destination")]
    public string Path { get; set; } = ".";

    /// <summary><para type="description">The folder, without wildcards.</para></summary>
    [Parameter(Mandatory = true, ParameterSetName = ByLiteralPath)]
    [ValidateNotNullOrEmpty]
    [Alias("PSPath")]
    public string? LiteralPath { get; set; }

    /// <summary>
    /// <para type="description">The generations whose images are saved. The command waits up to 600 seconds for a
    /// pending one.</para>
    /// </summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Generation")]
    [ValidateNotNull]
    [Deserialized]
    public Generation[] InputObject { get; set; } = [];

    /// <summary>
    /// <para type="description">The template of the file names; the default is {id}-{index}. The fields are {id}
    /// {index} {prompt} {seed} {style} {track_id} {row} {date}; a slash makes a folder. The extension is added.</para>
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(FileNameCompleter))]
    public string Name { get; set; } = FileNameTemplate.Default;

    /// <summary><para type="description">Replaces an existing file.</para></summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>
    /// <para type="description">Skips an image whose file already exists, and emits that file.</para>
    /// </summary>
    [Parameter]
    public SwitchParameter SkipExisting { get; set; }

    /// <summary>
    /// <para type="description">Writes a JSON file beside each image with the request, seed, id and hash. Piped through
    /// ConvertFrom-Json into New-FaceGenImage, it requests the image again.</para>
    /// </summary>
    [Parameter]
    public SwitchParameter Sidecar { get; set; }

    /// <summary>
    /// <para type="description">Also writes the request, seed and id into PNG files, as text chunks that common tools
    /// read. Files of other formats are not changed. The webhook's address and a face image given as bytes are
    /// omitted.</para>
    /// </summary>
    [Parameter]
    public SwitchParameter EmbedMetadata { get; set; }

    /// <summary>
    /// <para type="description">Permanently deletes the images of a generation at the service when all of them are
    /// complete and verified in their files.</para>
    /// </summary>
    [Parameter]
    public SwitchParameter RemoveAfterSave { get; set; }

    /// <summary>
    /// <para type="description">The number of images that are downloaded at a time, 1 to 64. The default is 8.</para>
    /// </summary>
    [Parameter]
    [ValidateRange(1, 64)]
    public int ThrottleLimit { get; set; } = 8;

    /// <summary>
    /// <para type="description">The timeout for one image in seconds, including retries: 1 to 86400, or 0 for no
    /// timeout. The default is 120.</para>
    /// </summary>
    [Parameter]
    [ValidateRange(0, 86400)]
    public int TimeoutSec { get; set; } = 120;

    private protected override void Begin()
    {
        if (Force && SkipExisting)
            throw new FaceGenException(ErrorCode.ParametersInvalid, "-Force and -SkipExisting cannot be used together.");

        if (RemoveAfterSave && SkipExisting)
            throw new FaceGenException(ErrorCode.ParametersInvalid, "-RemoveAfterSave and -SkipExisting cannot be used together: a file that is there already may be another picture.");

        _folder = ResolveFolder(LiteralPath ?? Path, isLiteral: LiteralPath is not null);
        _destination = new Destination(FileStorage.System, _folder);
        _name = new FileNameTemplate(Name);
        // This runs before a command upstream pays for anything. A share may not answer: the wait ends with a stop.
        if (!IsWhatIf) WaitFor(Task.Run(Prepare));
        _saver = new ImageSaver(null, new SaveOptions(_folder, _name)
        {
            Force = Force,
            SkipExisting = SkipExisting,
            Sidecar = Sidecar,
            EmbedMetadata = EmbedMetadata,
            Timeout = TimeoutSec == 0 ? TimeSpan.MaxValue : TimeSpan.FromSeconds(TimeoutSec),
        }, Log);
        _downloads = new SemaphoreSlim(ThrottleLimit);
    }

    private protected override void Process()
    {
        foreach (Generation given in InputObject)
        {
            if (WithConnection(given) is not { Connection: { } connection } generation) continue;

            // From here on it is this command that answers for it, also where it then does nothing.
            Account.For(connection).BeginSaving(connection, generation);
            if (!ShouldProcess(_folder, $"Save the images of {generation.Id} at the connection {connection.Description}{(RemoveAfterSave ? " and delete them at the service" : "")}")) continue;

            _progress.Total++;
            Start(generation, () => SaveAllAsync(generation, connection));
            Drain(MaxPending);
        }
    }

    private protected override void End()
    {
        if (_cleanup is not null) WaitFor(_cleanup);
        _progress.Complete(this);
    }

    /// <summary>Makes sure that the folder can be written, and begins to remove what killed runs left in it.</summary>
    private bool Prepare()
    {
        _destination!.Probe();
        _cleanup = Task.Run(() =>
        {
            _destination.RemoveAbandoned(_name!.HasFolders, StopToken);
            return true;
        });
        return true;
    }

    private protected override void Tick() => _progress.Show(this, RunningCount);

    /// <summary>Waits for a generation and saves each of its images; one that fails leaves the others.</summary>
    private async Task SaveAllAsync(Generation generation, Connection connection)
    {
        if (generation.Status == GenerationStatus.Processing)
        {
            generation = await new Generator(connection, Log).WaitAsync(generation, WaitTimeout, StopToken).ConfigureAwait(false) with { Connection = connection };
            Account.For(connection).BeginSaving(connection, generation);
        }

        if (generation.Images.Count == 0)
        {
            throw new FaceGenException(ErrorCode.OutputMissing,
                $"Generation {generation.Id} ({generation.Status}) has no images to save.");
        }

        bool[] saved = await Task.WhenAll(Enumerable.Range(0, generation.Images.Count).Select(index => SaveAsync(generation, index))).ConfigureAwait(false);
        if (RemoveAfterSave && saved.All(isSaved => isSaved)) await DeleteAsync(generation, connection).ConfigureAwait(false);
    }

    private async Task DeleteAsync(Generation generation, Connection connection)
    {
        try
        {
            await new AccountClient(connection, Log).DeleteImagesAsync(generation.Id, StopToken).ConfigureAwait(false);
        }
        catch (FaceGenException e)
        {
            throw new FaceGenException(e.Code, $"The images of generation {generation.Id} are saved, and still at the service. {e.Message}", e);
        }
    }

    /// <summary>Saves an image; false where that failed, or where the file is not complete, which is reported.</summary>
    private async Task<bool> SaveAsync(Generation generation, int index)
    {
        await _downloads!.WaitAsync(StopToken).ConfigureAwait(false);
        try
        {
            SavedImage image = await _saver!.SaveAsync(generation, index, StopToken).ConfigureAwait(false);
            Post(() => WriteObject(image));
            if (RemoveAfterSave && image.Incomplete) Post(() => WriteWarning($"Generation {generation.Id} was not deleted at the service, because '{image.FullName}' is marked Incomplete. Remove-FaceGenImage deletes it."));
            return !image.Incomplete;
        }
        catch (FaceGenException e) when (_destination!.IsFolderFault(e))
        {
            // Every other image would meet this too, and those upstream would be paid for all the same.
            var fault = new FaceGenException(e.Code,
                $"{e.Message} The command ends here, and nothing more is submitted by the commands before it. What is not saved is not lost: correct the folder, then run Get-FaceGenImage | Save-FaceGenOutput in this session.", e) { IsFatal = true };
            Post(() => ReportError(fault, generation));
            return false;
        }
        catch (FaceGenException e)
        {
            string next = e.Code != ErrorCode.FileExists || Force || SkipExisting ? "" : " -Force replaces it, -SkipExisting leaves it"
                + (Name.IndexOf("{id}", StringComparison.OrdinalIgnoreCase) < 0 ? "; where it is another image of this run, put {id} into -Name." : ".");
            Post(() => ReportError(next.Length == 0 ? e : new FaceGenException(e.Code, e.Message + next, e), generation));
            return false;
        }
        finally
        {
            _downloads.Release();
        }
    }
}
