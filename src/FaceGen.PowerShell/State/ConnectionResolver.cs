using FaceGen.Contract;
using FaceGen.Http;

namespace FaceGen.PowerShell.State;

/// <summary>
/// Resolves the connection for a generation: always one to the account of the generation. The same id at another account
/// is another image.
/// </summary>
internal static class ConnectionResolver
{
    /// <summary>Returns the connection for a generation.</summary>
    /// <param name="generation">The generation.</param>
    /// <param name="explicitConnection">The connection that the user named, if any.</param>
    /// <param name="getDefault">Returns the connection that the command uses where none is named.</param>
    /// <exception cref="FaceGenException">The connection is to another account, or there is none.</exception>
    internal static Connection Resolve(Generation generation, Connection? explicitConnection, Func<Connection> getDefault)
    {
        if (explicitConnection is not null) return RequireSameAccount(explicitConnection, generation);
        if (generation.Connection is not { } own) return RequireSameAccount(getDefault(), generation);

        // A newer connection of the same name may have another proxy or timeout.
        if (Connections.Find(own.Name) is { } present && present.Account == own.Account) return present;
        if (!own.IsDisconnected) return own;

        return Connections.All.FirstOrDefault(connection => connection.Account == own.Account)
            ?? throw new FaceGenException(ErrorCode.NotConnected,
                $"Disconnect-FaceGen ended the connection {own.Description} of generation {generation.Id}. Nothing was sent. Run Connect-FaceGen -BaseUri {own.BaseUri} with the key of the same account.");
    }

    private static Connection RequireSameAccount(Connection connection, Generation generation)
    {
        if (generation.Account is not { } account || AccountIdentifier.Matches(account, connection)) return connection;

        string owner = generation.Connection is { } own ? $"the connection {own.Description}" : $"the account {account}";
        string action = generation.Connection is { IsDisconnected: false } ? "Omit -Connection: the generation has its own connection."
            : Connections.All.FirstOrDefault(other => AccountIdentifier.Matches(account, other)) is { } right ? $"Give -Connection '{DisplayText.Clean(right.Name, 60)}'."
            : $"Run Connect-FaceGen -BaseUri {account.Split('#')[0]} -Name <name> with the key of that account, then give -Connection <name>.";
        throw new FaceGenException(ErrorCode.ConnectionMismatch,
            $"Generation {generation.Id} belongs to {owner}, not to the connection {connection.Description}. Nothing was sent. {action}");
    }
}
