using FaceGen.ImageFormats;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Runtime.InteropServices;
using FaceGen.Contract;
using FaceGen.Generating;
using FaceGen.PowerShell.Loading;
using FaceGen.PowerShell.Parameters;
using FaceGen.PowerShell.Pipeline;
using FaceGen.Preview;
using FaceGen.Saving;

namespace FaceGen.PowerShell.Commands;

/// <summary>
/// <para type="synopsis">Shows images in the terminal.</para>
/// <para type="description">Uses the graphics protocol of the terminal (Kitty, iTerm2 or Sixel) if its environment
/// variables name one, otherwise half blocks: characters with one pixel in each half. If the output is not a terminal,
/// nothing is shown. The image never enters the pipeline.</para>
/// <para type="description">Every protocol shows PNG and JPEG images; the iTerm2 protocol also shows WebP
/// images.</para>
/// </summary>
[Cmdlet(VerbsCommon.Show, "FaceGenImage", DefaultParameterSetName = ByPath)]
[OutputType(typeof(void))]
public sealed class ShowFaceGenImageCommand : GenerationCmdlet
{
    private const string ByPath = "Path";
    private const string ByLiteralPath = "LiteralPath";
    private const string ByGeneration = "Generation";

    /// <summary>The timeout for a pending generation, as that of Wait-FaceGenImage.</summary>
    private static readonly TimeSpan WaitTimeout = TimeSpan.FromSeconds(600);

    /// <summary>The timeout for the download of an image, as that of Save-FaceGenOutput.</summary>
    private static readonly TimeSpan DownloadTimeout = TimeSpan.FromSeconds(120);

    /// <summary>The size of the window if the host does not know it.</summary>
    private static readonly (int Columns, int Lines) DefaultWindowSize = (80, 24);

    private Terminal? _terminal;

    /// <summary>
    /// <para type="description">The images; wildcards are allowed. Batch items in the pipeline supply their
    /// files.</para>
    /// </summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ParameterSetName = ByPath)]
    [ValidateNotNullOrEmpty]
    [SavedFiles]
    [SupportsWildcards]
    public string[] Path { get; set; } = [];

    /// <summary>
    /// <para type="description">The images, without wildcards. Saved images and file objects in the pipeline supply
    /// their paths.</para>
    /// </summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = ByLiteralPath)]
    [ValidateNotNullOrEmpty]
    [Alias("PSPath", "FullName")]
    public string[]? LiteralPath { get; set; }

    /// <summary>
    /// <para type="description">Generations whose images are downloaded and shown, but not saved. The command waits up to 600 seconds for
    /// a pending one. Get-FaceGenImage | Save-FaceGenOutput saves them in the same session.</para>
    /// </summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = ByGeneration)]
    [ValidateNotNull]
    [Deserialized]
    public Generation[] Generation { get; set; } = [];

    /// <summary>
    /// <para type="description">The width in columns, 1 to 10000, limited to that of the terminal. The default is the
    /// image's own width.</para>
    /// </summary>
    [Parameter]
    [ValidateRange(1, 10000)]
    public int? Width { get; set; }

    /// <summary>
    /// <para type="description">The protocol: Auto, Kitty, ITerm2, Sixel or HalfBlock. The default is Auto, which
    /// depends on the terminal's environment variables.</para>
    /// </summary>
    [Parameter]
    public TerminalProtocol Protocol { get; set; }

    private protected override void Begin()
    {
        base.Begin();
        if (Host.UI is null || Console.IsOutputRedirected)
        {
            WriteVerbose("The output is redirected, so no image is shown. Run the command in a terminal.");
        }
        else if (!Host.UI.SupportsVirtualTerminal)
        {
            WriteWarning("This host does not support control sequences, so no image is shown. Use a terminal that supports them.");
        }
        else
        {
            _terminal = Terminal.Detect(Environment.GetEnvironmentVariable, RuntimeInformation.IsOSPlatform(OSPlatform.Windows), Protocol);
            WriteVerbose($"Images are drawn with the protocol {_terminal.Protocol}.");
        }
    }

    private protected override void Process()
    {
        foreach (Generation generation in Generation) ReportErrors(generation, () => Show(generation));

        foreach (string path in LiteralPath ?? Path)
        {
            ReportErrors(path, () =>
            {
                foreach (string file in Paths.ResolveInput(path, isLiteral: LiteralPath is not null, ErrorCode.ImageInvalid))
                    Show($"'{DisplayText.Clean(file, 300)}'", file, () => Task.FromResult(ImageFile.Read(file)));
            });
        }
    }

    private void Show(Generation input)
    {
        if (WithConnection(input) is not { Connection: { } connection } generation) return;

        // An image that is shown is not saved: Get-FaceGenImage returns a pending generation until it is.
        Account.For(connection).BeginSavingPending(generation);
        if (_terminal is null) return;

        generation = Work.WaitFor(Task.Run(() => new Generator(connection, Log).WaitAsync(generation, WaitTimeout, StopToken))) with { Connection = connection };
        Account.For(connection).BeginSavingPending(generation);
        if (generation.Images.Count == 0) throw generation.CreateNoImagesError();

        for (int index = 0; index < generation.Images.Count; index++)
            Show($"Image {index + 1} of generation {generation.Id}", generation, () => DownloadAsync(connection, generation, index));
    }

    private async Task<byte[]> DownloadAsync(Connection connection, Generation generation, int index)
    {
        using var buffer = new MemoryStream();
        CheckedImage image = await ExpiryVerifier.DownloadAsync(connection, generation, index, buffer, DownloadTimeout, Log, StopToken).ConfigureAwait(false);
        return [.. image.Bytes];
    }

    /// <summary>Shows an image that is read on another thread.</summary>
    private void Show(string name, object target, Func<Task<byte[]>> readAsync)
    {
        try
        {
            byte[] image = Work.WaitFor(Task.Run(readAsync));
            if (_terminal is null) return;

            (int, int) window = GetWindowSize();
            // Only half blocks have several lines; the host knows how to end one.
            foreach (string line in Work.WaitFor(Task.Run(() => ImagePreview.Draw(image, _terminal, window, Width, () => BatchFactoryLoader.JpegDecoder).Split('\n'))))
                Host.UI.WriteLine(line);
        }
        catch (FaceGenException e)
        {
            ReportError(new FaceGenException(e.Code, $"{name} cannot be shown. {e.Message}", e), target);
        }
    }

    private (int Columns, int Lines) GetWindowSize()
    {
        try
        {
            Size size = Host.UI.RawUI.WindowSize;
            return size.Width > 0 && size.Height > 0 ? (size.Width, size.Height) : DefaultWindowSize;
        }
        catch (Exception e) when (e is HostException or NotImplementedException or NotSupportedException or InvalidOperationException or IOException)
        {
            return DefaultWindowSize;
        }
    }
}
