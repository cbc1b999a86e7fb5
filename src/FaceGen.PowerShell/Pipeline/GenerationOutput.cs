using FaceGen.Generating;
using FaceGen.PowerShell.State;

namespace FaceGen.PowerShell.Pipeline;

/// <summary>Emits the generations of a command, and finds their connections.</summary>
internal sealed class GenerationOutput(FaceGenCmdlet cmdlet)
{
    private readonly EmittedGenerations _emitted = new();
    private readonly MissingImageWarnings _missingImages = new(cmdlet.Log);
    private readonly HashSet<Account> _accounts = [];

    /// <summary>True if a cmdlet of the pipeline that this thread stops has shown what is unsaved.</summary>
    [ThreadStatic]
    private static bool _hasShownUnsaved;

    /// <summary>Emits a generation, or reports the error of a failed one.</summary>
    /// <param name="generation">The generation.</param>
    /// <param name="connection">The connection of a generation without one.</param>
    internal void Write(Generation generation, Connection connection)
    {
        generation = WarnOfMissingImages(generation);
        if (generation.StatusValue == GenerationStatus.Failed)
            cmdlet.ReportError(generation.CreateFailedError(), (object?)generation.Request ?? generation);
        else
            cmdlet.WriteObject(generation);

        AddAccount(generation.Connection ?? connection);
        _emitted.Add(Account.For(generation.Connection ?? connection), generation);
    }

    /// <summary>Warns once of a generation with fewer images than requested.</summary>
    internal Generation WarnOfMissingImages(Generation generation) => _missingImages.Add(generation);

    /// <summary>
    /// Returns a generation with its own connection, or for a deserialized one with the command's connection. Returns null,
    /// and reports an error, if that is a connection to another account.
    /// </summary>
    /// <param name="generation">The generation.</param>
    /// <param name="given">The connection that -Connection names; null if it is not given.</param>
    /// <param name="getCurrent">Returns the connection of the command.</param>
    internal Generation? WithConnection(Generation generation, Connection? given, Func<Connection> getCurrent)
    {
        try
        {
            Connection connection = ConnectionResolver.Resolve(generation, given, getCurrent);
            AddAccount(connection);
            return connection == generation.Connection ? generation : generation with { Connection = connection };
        }
        catch (FaceGenException e) when (e.Code == ErrorCode.ConnectionMismatch || generation.Connection is not null)
        {
            cmdlet.WriteLimitedError(e, generation);
            return null;
        }
    }

    /// <summary>Adds the account of a connection, whose unsaved generations are shown if the command is stopped.</summary>
    internal void AddAccount(Connection connection) => _accounts.Add(Account.For(connection));

    /// <summary>Starts a pipeline.</summary>
    internal static void Begin() => _hasShownUnsaved = false;

    /// <summary>
    /// Shows what a stop leaves behind, once for all cmdlets of a pipeline. The streams of a stopped pipeline take nothing, so that the
    /// host shows it.
    /// </summary>
    internal void ShowUnsaved()
    {
        if (_hasShownUnsaved || !cmdlet.Stopping || ExitGuard.Current.Exiting.IsCancellationRequested || DescribeUnsaved() is not { } unsaved) return;

        _hasShownUnsaved = true;
        cmdlet.Host.UI?.WriteWarningLine(unsaved);
    }

    /// <summary>Returns what is paid for and not saved, and how to save it; null if there is nothing.</summary>
    private string? DescribeUnsaved()
    {
        int pending = _accounts.Sum(account => account.Pending.Count);
        bool isInFlight = _accounts.Any(account => account.HasSubmissionInFlight);
        if (pending == 0 && !isInFlight) return null;

        string generations = pending == 0 ? "Requests are in flight"
            : $"{pending} {(pending == 1 ? "generation is" : "generations are")} pending or not saved{(isInFlight ? ", and requests are in flight" : "")}";
        return $"The command was stopped. {generations}. What the service accepted is paid for and not lost. Run Get-FaceGenImage | Save-FaceGenOutput in this session.";
    }

    /// <summary>Ends the output of a command that has succeeded, and acknowledges its generations.</summary>
    internal void Complete()
    {
        _missingImages.Complete();
        _emitted.AcknowledgeAll();
    }
}
