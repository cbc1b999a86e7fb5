using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Host;

namespace FaceGen.Console.Hosting;

/// <summary>What the engine sees of this program.</summary>
internal sealed class ConsoleHost(ConsoleUserInterface userInterface) : PSHost
{
    public override string Name => "FaceGen.Console";

    public override Version Version { get; } = typeof(ConsoleHost).Assembly.GetName().Version ?? new Version();

    public override Guid InstanceId { get; } = Guid.NewGuid();

    public override PSHostUserInterface UI => userInterface;

    public override CultureInfo CurrentCulture { get; } = CultureInfo.CurrentCulture;

    public override CultureInfo CurrentUICulture { get; } = CultureInfo.CurrentUICulture;

    /// <summary>The code that <c>exit</c> was called with; null while it was not.</summary>
    internal int? ExitCode { get; private set; }

    public override void SetShouldExit(int exitCode) => ExitCode = exitCode;

    public override void EnterNestedPrompt() =>
        throw new PSNotSupportedException("This console has no nested prompts: a command cannot be suspended.");

    public override void ExitNestedPrompt() =>
        throw new PSNotSupportedException("This console has no nested prompts.");

    // Programs that pipelines start share the terminal as it is: there is nothing to set aside.
    public override void NotifyBeginApplication()
    {
    }

    public override void NotifyEndApplication()
    {
    }
}
