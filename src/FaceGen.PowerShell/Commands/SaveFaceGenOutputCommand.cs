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
public sealed class SaveFaceGenOutputCommand : GenerationCmdlet
{
    private const string ByPath = "Path";
    private const string ByLiteralPath = "LiteralPath";
    private const string ByOutFile = "OutFile";

    private readonly ProgressDisplay _progress = new("Saving images");
    private ImageSaver? _saver;
    private SemaphoreSlim? _downloads;
    private string _folder = "";
    private Destination? _destination;
    private FileNameTemplate? _name;
    private ScriptBlock? _nameScript;

    /// <summary>The file that -OutFile, or a path that ends in the extension of an image, names; null if images are saved to a folder.</summary>
    private string? _file;
    private Task<bool>? _cleanup;

    /// <summary>The number of generations that may wait for their end or their download, which limits the memory of a long input.</summary>
    private const int MaxPending = 64;

    /// <summary>The timeout for a pending generation, as that of Wait-FaceGenImage.</summary>
    private static readonly TimeSpan WaitTimeout = TimeSpan.FromSeconds(600);

    /// <summary>
    /// <para type="description">The folder; the wildcards * and ? must match one folder. It is created if it does not exist. The
    /// default is the current location. A path that ends in the extension of an image, such as pilot.png, and is not a folder is a
    /// file, as -OutFile.</para>
    /// </summary>
    [Parameter(Position = 0, ParameterSetName = ByPath)]
    [ValidateNotNullOrEmpty]
    [Alias("Destination")]
    [SupportsWildcards]
    public string Path { get; set; } = ".";

    /// <summary><para type="description">The folder or the file, without wildcards.</para></summary>
    [Parameter(Mandatory = true, ParameterSetName = ByLiteralPath)]
    [ValidateNotNullOrEmpty]
    [Alias("PSPath")]
    public string? LiteralPath { get; set; }

    /// <summary>
    /// <para type="description">The file of the image. If there are several images, the others get a number: pilot.png, pilot-2.png.
    /// The extension is added if it is missing, and replaced with a warning if the image has another format.</para>
    /// </summary>
    [Parameter(Mandatory = true, ParameterSetName = ByOutFile)]
    [ValidateNotNullOrEmpty]
    public string? OutFile { get; set; }

    /// <summary>
    /// <para type="description">The generations whose images are saved, also those of saved images and of rows of a batch.
    /// The command waits up to 600 seconds for a pending one.</para>
    /// </summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Generation")]
    [ValidateNotNull]
    [Deserialized(AcceptOwners = true)]
    public Generation[] InputObject { get; set; } = [];

    /// <summary>
    /// <para type="description">The template of the file names; the default is {id}-{index}. The fields are {id}
    /// {index} {prompt} {seed} {style} {track_id} {face} {row} {date}, the other fields of a request, and the columns of
    /// its row, such as {account}; a slash makes a folder. {face} is the name of the face image's file. The extension is
    /// added.</para>
    /// <para type="description">Also a script block, such as { $_.Request.Columns.account }, whose result is the name. In it, $_ is the
    /// generation.</para>
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ScriptBlockName]
    [ArgumentCompleter(typeof(FileNameCompleter))]
    public string Name
    {
        get;
        set => (field, _nameScript) = (value, ScriptBlockArgument.Release(ScriptBlockNameAttribute.Parameter));
    }
    = FileNameTemplate.Default;

    /// <summary><para type="description">Replaces an existing file.</para></summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>
    /// <para type="description">Skips an image whose file already exists, and emits that file. The generation is paid for all the
    /// same: Invoke-FaceGenBatch does not send a row again that is saved.</para>
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
        base.Begin();
        if (Force && SkipExisting)
            throw new FaceGenException(ErrorCode.ParametersInvalid, "-Force and -SkipExisting cannot be used together. Nothing was saved. Give one of them.");

        if (RemoveAfterSave && SkipExisting)
            throw new FaceGenException(ErrorCode.ParametersInvalid, "-RemoveAfterSave and -SkipExisting cannot be used together, because an existing file may be another image. Nothing was saved or deleted. Give one of them.");

        _file = ResolveFile();
        if (_file is not null && MyInvocation.BoundParameters.ContainsKey(nameof(Name)))
            throw new FaceGenException(ErrorCode.ParametersInvalid, $"-Name and the name of a file cannot be used together: '{_file}'. Nothing was saved. Give a folder, or omit -Name.");

        _folder = _file is not null
            ? Paths.ResolveFolder(System.IO.Path.GetDirectoryName(_file)!, isLiteral: true)
            : Paths.ResolveFolder(LiteralPath ?? Path, isLiteral: LiteralPath is not null);
        _destination = new Destination(FileStorage.System, _folder);
        _name = _file is not null ? new OutFileName(System.IO.Path.GetFileName(_file)) : _nameScript is not null ? new ScriptedFileNames() : new FileNameTemplate(Name);
        // Before a cmdlet upstream pays for anything. A stop ends the wait for a share that does not respond.
        if (!IsWhatIf) Work.WaitFor(Task.Run(Prepare));
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
        foreach (Generation input in InputObject)
        {
            if (WithConnection(input) is not { Connection: { } connection } generation) continue;

            // A pending generation stays pending until its images are saved, also with -WhatIf.
            Account account = Account.For(connection);
            account.BeginSavingPending(generation);
            CheckName(connection, generation);
            if (!ShouldProcess(_file ?? _folder, $"Save the images of generation {generation.Id}{Describe(connection)}{(RemoveAfterSave ? ", then delete them at the service" : "")}")) continue;

            account.BeginSaving(connection, generation);
            _progress.Total++;
            Work.Start(generation, () => SaveAllAsync(generation, connection));
            Work.Drain(MaxPending);
        }
    }

    private protected override void End()
    {
        if (_cleanup is not null) Work.WaitFor(_cleanup);
        _progress.Complete(this);
    }

    /// <summary>Returns the path of the file that is given; null if a folder is.</summary>
    private string? ResolveFile()
    {
        if (OutFile is not null) return Paths.ResolveFile(OutFile);

        bool isLiteral = LiteralPath is not null;
        string path = LiteralPath ?? Path;
        return ImageHeader.FindFormatByExtension(path) is null || Paths.IsExistingFolder(path, isLiteral) ? null : Paths.ResolveFile(path, isLiteral);
    }

    /// <summary>
    /// Names the images of a generation, in the order of the input. Ends the pipeline if the row has no column of the template, or the
    /// script block fails: other rows may be alike, and cmdlets upstream would go on paying.
    /// </summary>
    private void CheckName(Connection connection, Generation generation)
    {
        try
        {
            if (_name is ScriptedFileNames names)
                names.Set(generation, ScriptBlockNameAttribute.Evaluate(_nameScript!, generation, $"generation {generation.Id}", "Its images were not saved, and are not lost."));
            for (int index = 0; index < Math.Max(generation.Images.Count, 1); index++) _name!.Expand(generation, index);
        }
        catch (FaceGenException e)
        {
            if (!IsWhatIf) Account.For(connection).BeginSaving(connection, generation);
            throw new FaceGenException(e.Code, $"{e.Message} The pipeline ends: nothing more is submitted, and unsaved images are not lost. Run Get-FaceGenImage | Save-FaceGenOutput with another -Name in this session.", e);
        }
    }

    /// <summary>Checks that the folder can be written, and starts to delete the temporary files of killed runs.</summary>
    private bool Prepare()
    {
        _destination!.VerifyWritable();
        _cleanup = Task.Run(() =>
        {
            _destination.RemoveAbandoned(_name!.HasFolders, StopToken);
            return true;
        });
        return true;
    }

    private protected override void Tick() => _progress.Show(this, Work.RunningCount);

    /// <summary>Waits for a generation and saves each of its images.</summary>
    private async Task SaveAllAsync(Generation generation, Connection connection)
    {
        if (generation.StatusValue == GenerationStatus.Processing)
        {
            generation = await new Generator(connection, Log).WaitAsync(generation, WaitTimeout, StopToken).ConfigureAwait(false) with { Connection = connection };
            Account.For(connection).BeginSaving(connection, generation);
        }

        if (generation.Images.Count == 0) throw generation.CreateNoImagesError();

        WarnOfMissingImages(generation);
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
            throw new FaceGenException(e.Code, $"The images of generation {generation.Id} are saved, but not deleted at the service. {e.Message}", e);
        }
    }

    /// <summary>Saves an image. Returns false if that failed or the file is incomplete, which is reported.</summary>
    private async Task<bool> SaveAsync(Generation generation, int index)
    {
        await _downloads!.WaitAsync(StopToken).ConfigureAwait(false);
        try
        {
            SavedImage image = await _saver!.SaveAsync(generation, index, StopToken).ConfigureAwait(false);
            Work.Post(() => WriteObject(image));
            if (_file is not null && ImageHeader.FindFormatByExtension(_file) is { } expected && expected != image.FormatValue)
                Work.Post(() => WriteWarning($"The image of generation {generation.Id} is a {image.FormatValue.GetDisplayName()} file. It is saved as '{image.FullName}', because programs recognize a format by its extension."));
            if (RemoveAfterSave && image.Incomplete) Work.Post(() => WriteWarning($"Generation {generation.Id} was not deleted at the service, because '{image.FullName}' is marked Incomplete. Check the file, then run Remove-FaceGenImage {generation.Id}."));
            return !image.Incomplete;
        }
        catch (FaceGenException e) when (_destination!.IsFolderFault(e))
        {
            // Every other image would fail too, and cmdlets upstream would go on paying.
            var fatal = new FaceGenException(e.Code,
                $"{e.Cause}. The pipeline ends. Nothing more is submitted, and unsaved images are not lost. Fix the folder, then run Get-FaceGenImage | Save-FaceGenOutput in this session.", e) { IsFatal = true };
            Work.Post(() => ReportError(fatal, generation));
            return false;
        }
        catch (FaceGenException e)
        {
            string next = e.Code != ErrorCode.FileExists || Force || SkipExisting ? "" : " Replace it with -Force, or keep it with -SkipExisting."
                + (Name.IndexOf("{id}", StringComparison.OrdinalIgnoreCase) < 0 ? " If it is another image of this run, add {id} to -Name." : "");
            Work.Post(() => ReportError(next.Length == 0 ? e : new FaceGenException(e.Code, e.Message + next, e), generation));
            return false;
        }
        finally
        {
            _downloads.Release();
        }
    }
}
