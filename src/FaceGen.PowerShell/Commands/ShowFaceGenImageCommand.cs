using FaceGen.ImageFormats;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Runtime.InteropServices;
using FaceGen.Contract;
using FaceGen.PowerShell.Loading;
using FaceGen.PowerShell.Parameters;
using FaceGen.PowerShell.Pipeline;
using FaceGen.Preview;

namespace FaceGen.PowerShell.Commands;

/// <summary>
/// <para type="synopsis">Shows pictures in the terminal.</para>
/// <para type="description">A terminal that says that it can draws the picture itself, by the protocol of Kitty or iTerm2 or
/// as Sixel graphics; any other shows it in half blocks, characters with a pixel in each half. Nothing is shown where the
/// output goes to no terminal. The picture never enters the pipeline.</para>
/// <para type="description">PNG and JPEG pictures are shown by every protocol, WebP pictures by that of iTerm2.</para>
/// </summary>
[Cmdlet(VerbsCommon.Show, "FaceGenImage", DefaultParameterSetName = ByPath)]
[OutputType(typeof(void))]
public sealed class ShowFaceGenImageCommand : FaceGenCmdlet
{
    private const string ByPath = "Path";
    private const string ByLiteralPath = "LiteralPath";

    /// <summary>What is taken for the window's size where the host does not tell it.</summary>
    private static readonly (int Columns, int Lines) DefaultWindowSize = (80, 24);

    private Terminal? _terminal;

    /// <summary><para type="description">The pictures; wildcards are resolved. Rows of a batch bring their files.</para></summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ParameterSetName = ByPath)]
    [ValidateNotNullOrEmpty]
    [SavedFiles]
    public string[] Path { get; set; } = [];

    /// <summary><para type="description">The pictures, taken as they stand: no character is a wildcard. Saved images and file
    /// objects bring theirs by pipeline.</para></summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = ByLiteralPath)]
    [ValidateNotNullOrEmpty]
    [Alias("PSPath", "FullName")]
    public string[]? LiteralPath { get; set; }

    /// <summary>
    /// <para type="description">How many columns wide, 1 to 10000, at most the terminal's. As large as the picture is, but no larger than
    /// the terminal, unless given.</para>
    /// </summary>
    [Parameter]
    [ValidateRange(1, 10000)]
    public int? Width { get; set; }

    /// <summary>
    /// <para type="description">Auto, Kitty, ITerm2, Sixel or HalfBlock; Auto unless given, which goes by what the terminal
    /// says in the environment.</para>
    /// </summary>
    [Parameter]
    public TerminalProtocol Protocol { get; set; }

    private protected override void Begin()
    {
        if (Host.UI is null || Console.IsOutputRedirected)
        {
            WriteVerbose("Nothing is shown: the output goes to no terminal.");
        }
        else if (!Host.UI.SupportsVirtualTerminal)
        {
            WriteWarning("Nothing is shown: this host has no control sequences, without which there are no pictures.");
        }
        else
        {
            _terminal = Terminal.Detect(Environment.GetEnvironmentVariable, RuntimeInformation.IsOSPlatform(OSPlatform.Windows), Protocol);
            WriteVerbose($"Pictures are shown by the protocol {_terminal.Protocol}.");
        }
    }

    private protected override void Process()
    {
        foreach (string path in LiteralPath ?? Path)
        {
            try
            {
                IReadOnlyList<string> files =
                    LiteralPath is null ? ResolveWildcards(path, ErrorCode.ImageInvalid) : [ResolvePath(path, ErrorCode.ImageInvalid)];
                foreach (string file in files) Show(file);
            }
            catch (FaceGenException e)
            {
                ReportError(e, path);
            }
        }
    }

    private void Show(string file)
    {
        try
        {
            byte[] picture = WaitFor(Task.Run(() => ImageFile.Read(file)));
            if (_terminal is null) return;

            (int, int) window = GetWindowSize();
            // Only half blocks have lines, and how one ends is the host's matter.
            foreach (string line in WaitFor(Task.Run(() => ImagePreview.Draw(picture, _terminal, window, Width, () => BatchFactoryLoader.JpegDecoder).Split('\n'))))
                Host.UI.WriteLine(line);
        }
        catch (FaceGenException e)
        {
            ReportError(new FaceGenException(e.Code, $"'{DisplayText.Clean(file, 300)}' cannot be shown. {e.Message}", e), file);
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
