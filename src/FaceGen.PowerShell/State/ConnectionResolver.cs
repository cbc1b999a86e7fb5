using FaceGen.Contract;
using FaceGen.Http;

namespace FaceGen.PowerShell.State;

/// <summary>
/// Chooses the connection that acts for a generation: always one of the account that it belongs to. What is asked, fetched or
/// deleted at another account would be another image, since ids are the service's numbers.
/// </summary>
internal static class ConnectionResolver
{
    /// <summary>Returns the connection that acts for a generation.</summary>
    /// <param name="generation">The generation.</param>
    /// <param name="explicitConnection">The connection that the user named, if any.</param>
    /// <param name="getDefault">Returns the connection that the command uses where none is named.</param>
    /// <exception cref="FaceGenException">It would be one of another account, or there is none.</exception>
    internal static Connection Resolve(Generation generation, Connection? explicitConnection, Func<Connection> getDefault)
    {
        if (explicitConnection is not null) return RequireSameAccount(explicitConnection, generation);
        if (generation.Connection is not { } own) return RequireSameAccount(getDefault(), generation);

        // Who has connected by the same name again has changed its proxy or its timeout.
        if (Connections.Find(own.Name) is { } present && present.Account == own.Account) return present;
        if (!own.IsDisconnected) return own;

        return Connections.All.FirstOrDefault(connection => connection.Account == own.Account)
            ?? throw new FaceGenException(ErrorCode.NotConnected,
                $"The connection {own.Description} of generation {generation.Id} was ended by Disconnect-FaceGen. Nothing was done with it. Connect to the same account again: Connect-FaceGen -BaseUri {own.BaseUri}.");
    }

    private static Connection RequireSameAccount(Connection connection, Generation generation)
    {
        if (generation.Account is not { } account || AccountIdentifier.Matches(account, connection)) return connection;

        string owner = generation.Connection is { } own ? $"the connection {own.Description}" : $"the account {account}";
        string cure = generation.Connection is { IsDisconnected: false } ? "Leave -Connection out: the generation brings its own."
            : Connections.All.FirstOrDefault(other => AccountIdentifier.Matches(account, other)) is { } right ? $"Give -Connection '{DisplayText.Clean(right.Name, 60)}'."
            : $"Connect to its account: Connect-FaceGen -BaseUri {account.Split('#')[0]} -Name <name>, then give -Connection <name>.";
        throw new FaceGenException(ErrorCode.ConnectionMismatch,
            $"Generation {generation.Id} belongs to {owner}, and not to the connection {connection.Description}. Nothing was done with it. {cure}");
    }
}
