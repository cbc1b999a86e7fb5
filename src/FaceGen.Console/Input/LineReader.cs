using System.Management.Automation;
using System.Security;
using FaceGen.Console.Output;

namespace FaceGen.Console.Input;

/// <summary>Reads the answers to questions that running commands ask.</summary>
/// <param name="screen">Where the answer is echoed.</param>
/// <param name="interactive">Whether there is a person to answer.</param>
/// <param name="stop">Stops the pipeline that asked; called when Ctrl+C is the answer.</param>
internal sealed class LineReader(Screen screen, bool interactive, Action stop)
{
    private readonly LineEditor _editor = new(screen);

    /// <summary>Makes sure that there is a person to ask.</summary>
    /// <exception cref="PSInvalidOperationException">There is none; the message tells what was to be asked.</exception>
    internal void Demand(string what)
    {
        if (!interactive)
        {
            throw new PSInvalidOperationException(
                $"This session cannot ask for an answer, because it is not interactive. It was to ask: {what}");
        }
    }

    internal string Read(string what) => Read(what, mask: null);

    internal SecureString ReadSecret(string what)
    {
        var secret = new SecureString();
        foreach (char character in Read(what, mask: '*'))
            secret.AppendChar(character);
        secret.MakeReadOnly();
        return secret;
    }

    private string Read(string what, char? mask)
    {
        Demand(what);
        TypedLine line = _editor.Read(mask);
        if (line.End == LineEnd.Entered)
            return line.Text;

        stop();
        throw new PipelineStoppedException();
    }
}
