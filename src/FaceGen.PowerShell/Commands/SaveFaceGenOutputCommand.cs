using System.Management.Automation;
using FaceGen.Contract;
using FaceGen.Generating;
using FaceGen.PowerShell.Pipeline;
using FaceGen.Saving;

namespace FaceGen.PowerShell.Commands;

/// <summary>
/// <para type="synopsis">Saves the images of generations as files.</para>
/// <para type="description">Several images are downloaded at once. Each is checked to its last byte and appears under
/// its name only when it is complete; its extension is that of its own format.</para>
/// </summary>
[Cmdlet(VerbsData.Save, "FaceGenOutput", SupportsShouldProcess = true, DefaultParameterSetName = ByPath)]
[OutputType(typeof(SavedImage))]
public sealed class SaveFaceGenOutputCommand : FaceGenCmdlet
{
    private const string ByPath = "Path";
    private const string ByLiteralPath = "LiteralPath";

    private readonly ProgressMeter _progress = new("Saving images");
    private ImageSaver? _saver;
    private Generator? _generator;
    private string _folder = "";

    /// <summary>
    /// <para type="description">The folder; wildcards that name one folder are resolved. It is made where it is not
    /// there. The current location unless given.</para>
    /// </summary>
    [Parameter(Position = 0, ParameterSetName = ByPath)]
    [ValidateNotNullOrEmpty]
    [Alias("Destination")]
    public string Path { get; set; } = ".";

    /// <summary><para type="description">The folder, taken as it stands: no character is a wildcard.</para></summary>
    [Parameter(Mandatory = true, ParameterSetName = ByLiteralPath)]
    [ValidateNotNullOrEmpty]
    [Alias("PSPath")]
    public string? LiteralPath { get; set; }

    /// <summary><para type="description">The generations whose images to save; one under way is waited for.</para></summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true)]
    [Alias("Generation")]
    [ValidateNotNull]
    public Generation[] InputObject { get; set; } = [];

    /// <summary>
    /// <para type="description">The files' names, {id}-{index} unless given. {id} {index} {prompt} {seed} {style}
    /// {track_id} {row} {date} stand for the generation's own, a slash makes a folder; the extension is added.</para>
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string Name { get; set; } = FileNameTemplate.Default;

    /// <summary><para type="description">Replaces a file of the same name.</para></summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary><para type="description">Leaves an image whose file is there already, and emits that file.</para></summary>
    [Parameter]
    public SwitchParameter SkipExisting { get; set; }

    /// <summary>
    /// <para type="description">Writes a JSON file beside each image with the request, seed, id and hash.</para>
    /// </summary>
    [Parameter]
    public SwitchParameter Sidecar { get; set; }

    /// <summary><para type="description">How many images are downloaded at once, 1 to 64; 8 unless given.</para></summary>
    [Parameter]
    [ValidateRange(1, 64)]
    public int ThrottleLimit { get; set; } = 8;

    /// <summary>
    /// <para type="description">How many seconds to go on trying to get one image; 120 unless given, 0 for no limit.</para>
    /// </summary>
    [Parameter]
    [ValidateRange(0, 86400)]
    public int TimeoutSec { get; set; } = 120;

    private protected override void Begin()
    {
        _folder = LiteralPath is not null ? ResolvePath(LiteralPath) : ResolveFolder(Path);
        var options = new SaveOptions(_folder, new FileNameTemplate(Name))
        {
            Force = Force,
            SkipExisting = SkipExisting,
            Sidecar = Sidecar,
            Timeout = TimeoutSec == 0 ? TimeSpan.MaxValue : TimeSpan.FromSeconds(TimeoutSec),
        };
        if (Force && SkipExisting)
            throw new FaceGenException(ErrorCode.FileNameInvalid, "-Force and -SkipExisting cannot be used together.");

        _saver = new ImageSaver(Connection, options);
        _generator = new Generator(Connection, PostVerbose);
    }

    private protected override void Process()
    {
        foreach (Generation generation in InputObject)
        {
            if (!ShouldProcess(_folder, $"Save the images of {generation.Id}")) continue;

            if (generation.IsFinished) SaveAll(generation);
            else Start(generation, () => _generator!.WaitAsync(generation, Timeout.InfiniteTimeSpan, Stop), SaveAll);
        }
    }

    private protected override void End() => _progress.Complete(this);

    private protected override void Tick() => _progress.Show(this, RunningCount);

    private void SaveAll(Generation generation)
    {
        if (generation.Images.Count == 0)
        {
            WriteFault(new FaceGenException(ErrorCode.OutputMissing,
                $"{Prefix(generation.Source)}Generation {generation.Id} ({generation.Status}) has no images to save."), generation);
        }

        Account.Of(Connection).BeginSaving(Connection, generation);
        for (int i = 0; i < generation.Images.Count; i++)
        {
            int index = i;
            Drain(ThrottleLimit - 1);
            _progress.Total++;
            Start(generation, () => SaveAsync(generation, index), WriteObject);
        }
    }

    private async Task<SavedImage> SaveAsync(Generation generation, int index)
    {
        SavedImage saved = await _saver!.SaveAsync(generation, index, Stop).ConfigureAwait(false);
        Account.Of(Connection).MarkSaved(generation.Id, index);
        return saved;
    }

    private string ResolveFolder(string path)
    {
        if (!WildcardPattern.ContainsWildcardCharacters(path)) return ResolvePath(path);

        var folders = GetResolvedProviderPathFromPSPath(path, out _);
        return folders.Count == 1
            ? folders[0]
            : throw new FaceGenException(ErrorCode.FileNotWritten, $"'{path}' matches {folders.Count} folders; -LiteralPath takes it as it stands.");
    }
}
