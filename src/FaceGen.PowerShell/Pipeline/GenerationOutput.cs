using FaceGen.Generating;
using FaceGen.PowerShell.State;

namespace FaceGen.PowerShell.Pipeline;

/// <summary>Emits the generations of a command, and finds their connections.</summary>
internal sealed class GenerationOutput(FaceGenCmdlet cmdlet)
{
    private readonly EmittedGenerations _emitted = new();
    private readonly MissingImageWarnings _missingImages = new(cmdlet.Log);

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
            return connection == generation.Connection ? generation : generation with { Connection = connection };
        }
        catch (FaceGenException e) when (e.Code == ErrorCode.ConnectionMismatch || generation.Connection is not null)
        {
            cmdlet.WriteError(ErrorRecordFactory.Create(ErrorRecordFactory.WithRow(e, generation.Source), generation));
            return null;
        }
    }

    /// <summary>Ends the output of a command that has succeeded, and acknowledges its generations.</summary>
    internal void Complete()
    {
        _missingImages.Complete();
        _emitted.AcknowledgeAll();
    }
}
