using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Runtime.CompilerServices;
using FaceGen.Contract;
using FaceGen.Generating;
using FaceGen.Http;

namespace FaceGen.PowerShell.State;

/// <summary>The connection of each runspace.</summary>
internal static class Connections
{
    /// <summary>The environment variable that holds the service's address; ModelsLab's own tools read it too.</summary>
    internal const string AddressVariable = "MODELSLAB_BASE_URL";

    private static readonly ConditionalWeakTable<Runspace, Dictionary<string, Connection>> Known = new();

    /// <summary>The connection that this runspace's cmdlets use where none is named, if there is one.</summary>
    internal static Connection? Current => Find(Connection.DefaultName);

    /// <summary>This runspace's connections, by name; the one that is used where none is named comes first.</summary>
    internal static IReadOnlyList<Connection> All =>
        [.. Here.Values.OrderBy(connection => connection.Name == Connection.DefaultName ? 0 : 1).ThenBy(connection => connection.Name, StringComparer.OrdinalIgnoreCase)];

    private static Dictionary<string, Connection> Here => Known.GetValue(Runspace.DefaultRunspace, _ => new Dictionary<string, Connection>(StringComparer.OrdinalIgnoreCase));

    /// <summary>This runspace's connection; where there is none, one is made from the environment.</summary>
    /// <exception cref="FaceGenException">There is no key in the environment.</exception>
    internal static Connection Require() => Current ?? Replace(new Connection(DefaultAddress(), KeyFromEnvironment()));

    /// <summary>This runspace's connection of a name, if there is one.</summary>
    internal static Connection? Find(string name) => Here.TryGetValue(name, out Connection? connection) ? connection : null;

    /// <summary>This runspace's connections that a name, or a pattern of names, means.</summary>
    internal static IReadOnlyList<Connection> Match(string name)
    {
        if (Find(name) is { } exact) return [exact];

        WildcardPattern pattern = WildcardPattern.Get(name, WildcardOptions.IgnoreCase);
        return [.. All.Where(connection => pattern.IsMatch(connection.Name))];
    }

    /// <summary>
    /// Takes a connection for this runspace. What works for the one that had its name before goes on to its end.
    /// </summary>
    internal static Connection Replace(Connection connection)
    {
        Account account = Account.Of(connection);
        account.Resume(connection);
        Here[connection.Name] = connection;
        return connection;
    }

    /// <summary>
    /// Ends a connection of this runspace, if it is one. What works for it in the background goes on to its end: a
    /// generation's place in the queue is given back only when somebody has seen the generation end, and other runspaces wait
    /// for that place.
    /// </summary>
    internal static void End(Connection connection)
    {
        connection.End();
        if (Find(connection.Name) == connection) Here.Remove(connection.Name);
    }

    /// <summary>The key in the environment.</summary>
    /// <exception cref="FaceGenException">There is none.</exception>
    internal static ApiKey KeyFromEnvironment() =>
        Environment.GetEnvironmentVariable(ApiKey.Variable) is { } key && !string.IsNullOrWhiteSpace(key)
            ? new ApiKey(key.Trim())
            : throw new FaceGenException(ErrorCode.NotConnected,
                $"There is no connection. Use Connect-FaceGen -ApiKey, or set the environment variable {ApiKey.Variable}; Start-FaceGenEmulator | Connect-FaceGen works without a key.");

    /// <summary>The address in the environment, or the service's own.</summary>
    internal static ServiceAddress DefaultAddress(bool isEnterprise = false)
    {
        string? address = Environment.GetEnvironmentVariable(AddressVariable);
        if (string.IsNullOrWhiteSpace(address)) return ServiceAddress.Parse(ServiceAddress.Default, isEnterprise);

        return Uri.TryCreate(address, UriKind.RelativeOrAbsolute, out Uri? uri)
            ? ServiceAddress.Parse(uri, isEnterprise)
            : throw new FaceGenException(ErrorCode.ConnectionInvalid, $"The environment variable {AddressVariable} holds no address.");
    }
}
