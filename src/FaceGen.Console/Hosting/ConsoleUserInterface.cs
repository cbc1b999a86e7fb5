using System.Collections.ObjectModel;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Security;
using FaceGen.Console.Input;
using FaceGen.Console.Output;

namespace FaceGen.Console.Hosting;

/// <summary>
/// Renders the engine's streams: output on the standard output, everything said about the work on the standard error.
/// </summary>
internal sealed class ConsoleUserInterface : PSHostUserInterface
{
    private readonly Screen _screen;
    private readonly Questions _questions;
    private bool _rendersAsError;

    /// <param name="screen">Where everything appears.</param>
    /// <param name="interactive">Whether there is a person to ask.</param>
    internal ConsoleUserInterface(Screen screen, bool interactive)
    {
        _screen = screen;
        _questions = new Questions(screen, new LineReader(screen, interactive, RequestStop));
        RawUI = new ConsoleRawUserInterface(screen, interactive);
    }

    /// <summary>Ctrl+C was typed as the answer to a question: the pipeline that asked shall stop.</summary>
    internal event EventHandler? StopRequested;

    public override PSHostRawUserInterface RawUI { get; }

    public override bool SupportsVirtualTerminal => _screen.Terminal.Styled;

    public override void Write(string value) => Render(value);

    public override void Write(ConsoleColor foregroundColor, ConsoleColor backgroundColor, string value) =>
        Render(TextStyle.Coloured(value, foregroundColor, backgroundColor));

    public override void WriteLine(string value) => Render(value + "\n");

    public override void WriteErrorLine(string value) => WriteStyled(PSStyle.Instance.Formatting.Error, value);

    public override void WriteWarningLine(string message) =>
        WriteStyled(PSStyle.Instance.Formatting.Warning, $"WARNING: {message}");

    public override void WriteVerboseLine(string message) =>
        WriteStyled(PSStyle.Instance.Formatting.Verbose, $"VERBOSE: {message}");

    public override void WriteDebugLine(string message) =>
        WriteStyled(PSStyle.Instance.Formatting.Debug, $"DEBUG: {message}");

    public override void WriteProgress(long sourceId, ProgressRecord record) => _screen.ShowProgress(sourceId, record);

    public override string ReadLine() => _questions.ReadLine();

    public override SecureString ReadLineAsSecureString() => _questions.ReadSecureLine();

    public override Dictionary<string, PSObject> Prompt(
        string caption, string message, Collection<FieldDescription> descriptions) =>
        _questions.AskFields(caption, message, descriptions);

    public override int PromptForChoice(
        string caption, string message, Collection<ChoiceDescription> choices, int defaultChoice) =>
        _questions.AskChoice(caption, message, choices, defaultChoice);

    public override PSCredential PromptForCredential(
        string caption, string message, string userName, string targetName) =>
        _questions.AskCredential(caption, message, userName);

    public override PSCredential PromptForCredential(
        string caption,
        string message,
        string userName,
        string targetName,
        PSCredentialTypes allowedCredentialTypes,
        PSCredentialUIOptions options) =>
        _questions.AskCredential(caption, message, userName);

    /// <summary>Takes the progress line away: the work that it told of is over.</summary>
    internal void EndProgress() => _screen.EndProgress();

    /// <summary>
    /// Sends what the formatter writes to the standard error until disposed: the engine marks only those errors that
    /// come through a pipeline, not one that ended it.
    /// </summary>
    internal IDisposable RenderAsError() => new ErrorRendering(this);

    private void RequestStop() => StopRequested?.Invoke(this, EventArgs.Empty);

    private void Render(string text)
    {
        if (_rendersAsError)
            _screen.WriteError(text);
        else
            _screen.Write(text);
    }

    private void WriteStyled(string style, string line) =>
        _screen.WriteError($"{style}{line}{PSStyle.Instance.Reset}\n");

    private sealed class ErrorRendering : IDisposable
    {
        private readonly ConsoleUserInterface _owner;

        internal ErrorRendering(ConsoleUserInterface owner)
        {
            _owner = owner;
            owner._rendersAsError = true;
        }

        public void Dispose() => _owner._rendersAsError = false;
    }
}
