using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Runtime.CompilerServices;
using FaceGen.Generating;
using FaceGen.Http;

namespace FaceGen.PowerShell.State;

/// <summary>The connection of each runspace.</summary>
internal static class Connections
{
    /// <summary>The environment variable that holds the service's address; ModelsLab's own tools read it too.</summary>
    internal const string AddressVariable = "MODELSLAB_BASE_URL";

    /// <summary>Stands for the name where a command that failed only prepares a connection. No connection has it.</summary>
    private const string Unnamed = "";

    private static readonly ConditionalWeakTable<Runspace, RunspaceState> StatesByRunspace = new();

    /// <summary>The connection that this runspace's cmdlets use where none is named, if there is one.</summary>
    internal static Connection? Current => Find(Connection.DefaultName);

    /// <summary>This runspace's connections, by name; the one that is used where none is named comes first.</summary>
    internal static IReadOnlyList<Connection> All =>
        [.. CurrentState.ByName.Values.OrderBy(connection => connection.Name == Connection.DefaultName ? 0 : 1).ThenBy(connection => connection.Name, StringComparer.OrdinalIgnoreCase)];

    private static RunspaceState CurrentState => StatesByRunspace.GetValue(Runspace.DefaultRunspace, _ => new RunspaceState());

    /// <summary>This runspace's connection; where there is none, one is made from the environment.</summary>
    /// <exception cref="FaceGenException">
    /// There is no key in the environment, or the user has tried to connect to another account and failed.
    /// </exception>
    internal static Connection GetRequired()
    {
        RunspaceState here = CurrentState;
        bool isExplicit = Current is { } current && current != here.FromEnvironment;
        if (here.Failures.Count > 0 && (!isExplicit || here.Failures.ContainsKey(Connection.DefaultName))) throw here.MainFailure.ToException();

        return Current ?? (here.FromEnvironment = Add(new Connection(DefaultAddress(), KeyFromEnvironment())));
    }

    /// <summary>
    /// Records that a command which was to connect this runspace has failed: until Connect-FaceGen makes the connection, or
    /// Disconnect-FaceGen is run, no command uses the environment's account, or an older connection of the name, in its place.
    /// </summary>
    /// <param name="command">The command.</param>
    /// <param name="reason">Why it failed; null where PowerShell refused its parameters or its input.</param>
    /// <param name="name">The name of the connection that it was to make; null for a command that only prepares one.</param>
    internal static void MarkFailed(string command, string? reason, string? name = null)
    {
        // A cmdlet that no runspace runs, as documentation tools make one, connects nothing.
        if (Runspace.DefaultRunspace is not null) CurrentState.Failures[name ?? Unnamed] = new FailedConnection(command, reason);
    }

    /// <summary>Removes the failures of the connections whose names match a pattern.</summary>
    internal static void ClearFailures(string pattern = "*")
    {
        WildcardPattern wanted = WildcardPattern.Get(pattern, WildcardOptions.IgnoreCase);
        foreach (string name in CurrentState.Failures.Keys.Where(wanted.IsMatch).ToArray()) CurrentState.Failures.Remove(name);
    }

    /// <summary>Returns this runspace's connection that the user names; null where there is none.</summary>
    /// <exception cref="FaceGenException">The user has tried to make it anew and failed.</exception>
    internal static Connection? FindUsable(string name) =>
        CurrentState.Failures.TryGetValue(name, out FailedConnection? failure) ? throw failure.ToException() : Find(name);

    /// <summary>This runspace's connection of a name, if there is one.</summary>
    internal static Connection? Find(string name) => CurrentState.ByName.TryGetValue(name, out Connection? connection) ? connection : null;

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
        CurrentState.Failures.Remove(connection.Name);
        CurrentState.Failures.Remove(Unnamed);
        return Add(connection);
    }

    private static Connection Add(Connection connection)
    {
        Account account = Account.For(connection);
        account.ResumePolling(connection);
        CurrentState.ByName[connection.Name] = connection;
        return connection;
    }

    /// <summary>
    /// Ends a connection of this runspace, if it is one. What works for it in the background goes on to its end: a
    /// generation's place in the queue is given back only when somebody has seen the generation end, and other runspaces wait
    /// for that place.
    /// </summary>
    internal static void Disconnect(Connection connection)
    {
        connection.Disconnect();
        if (Find(connection.Name) == connection) CurrentState.ByName.Remove(connection.Name);
    }

    /// <summary>The key in the environment.</summary>
    /// <exception cref="FaceGenException">There is none.</exception>
    internal static ApiKey KeyFromEnvironment() =>
        Environment.GetEnvironmentVariable(ApiKey.EnvironmentVariable) is { } key && !string.IsNullOrWhiteSpace(key)
            ? ApiKeyParser.Parse(key, $"The key in the environment variable {ApiKey.EnvironmentVariable}")
            : throw new FaceGenException(ErrorCode.NotConnected,
                $"There is no connection. Use Connect-FaceGen -ApiKey, or set the environment variable {ApiKey.EnvironmentVariable}; Start-FaceGenEmulator | Connect-FaceGen works without a key.");

    /// <summary>The address in the environment, or the service's own.</summary>
    internal static ServiceAddress DefaultAddress(bool isEnterprise = false)
    {
        string? address = Environment.GetEnvironmentVariable(AddressVariable);
        if (string.IsNullOrWhiteSpace(address)) return ServiceAddress.Parse(ServiceAddress.Default, isEnterprise);

        return Uri.TryCreate(address, UriKind.RelativeOrAbsolute, out Uri? uri)
            ? ServiceAddress.Parse(uri, isEnterprise)
            : throw new FaceGenException(ErrorCode.ConnectionInvalid, $"The environment variable {AddressVariable} holds no address.");
    }

    /// <summary>What a runspace knows of its connections.</summary>
    private sealed class RunspaceState
    {
        internal Dictionary<string, Connection> ByName { get; } = new(StringComparer.OrdinalIgnoreCase);

        /// <summary>Gets or sets the connection that no user asked for: it was made from the environment.</summary>
        internal Connection? FromEnvironment { get; set; }

        /// <summary>Gets the commands that failed, by the name of the connection that each was to make.</summary>
        internal Dictionary<string, FailedConnection> Failures { get; } = new(StringComparer.OrdinalIgnoreCase);

        /// <summary>Gets the failure to report: that of the default connection or of what it was to be made from, the one with a known reason first.</summary>
        internal FailedConnection MainFailure => Failures
            .OrderBy(failure => failure.Key != Unnamed && !failure.Key.Equals(Connection.DefaultName, StringComparison.OrdinalIgnoreCase))
            .ThenBy(failure => failure.Value.Reason is null)
            .ThenBy(failure => failure.Key == Unnamed)
            .First().Value;
    }

    /// <summary>A command that was to connect the runspace and failed.</summary>
    private sealed record FailedConnection(string Command, string? Reason)
    {
        internal FaceGenException ToException() => new(ErrorCode.NotConnected,
            $"{Command} failed before ({Reason?.TrimEnd('.') ?? "its parameters or its pipeline input were refused, or no input came"}). Nothing was sent: no other account is used in its place. Run Connect-FaceGen again, or Disconnect-FaceGen to use the account of the environment.");
    }
}
