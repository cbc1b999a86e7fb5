using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Runtime.CompilerServices;
using FaceGen.Generating;
using FaceGen.Http;

namespace FaceGen.PowerShell.State;

/// <summary>The connections of each runspace.</summary>
internal static class Connections
{
    /// <summary>The environment variable that holds the service's address; ModelsLab's own tools read it too.</summary>
    internal const string AddressVariable = "MODELSLAB_BASE_URL";

    /// <summary>The name for a failed command that only prepares a connection. No connection has it.</summary>
    private const string Unnamed = "";

    private static readonly ConditionalWeakTable<Runspace, RunspaceState> StatesByRunspace = new();

    /// <summary>Gets the default connection of this runspace; null if there is none.</summary>
    internal static Connection? Current => Find(Connection.DefaultName);

    /// <summary>Gets the connections of this runspace by name, the default one first.</summary>
    internal static IReadOnlyList<Connection> All =>
        [.. CurrentState.ByName.Values.OrderBy(connection => connection.Name == Connection.DefaultName ? 0 : 1).ThenBy(connection => connection.Name, StringComparer.OrdinalIgnoreCase)];

    private static RunspaceState CurrentState => StatesByRunspace.GetValue(Runspace.DefaultRunspace, _ => new RunspaceState());

    /// <summary>Returns the default connection of this runspace, and creates it from the environment if there is none.</summary>
    /// <exception cref="FaceGenException">
    /// The environment has no key, or a command that should connect this runspace has failed.
    /// </exception>
    internal static Connection GetRequired()
    {
        RunspaceState state = CurrentState;
        bool isExplicit = Current is { } current && current != state.FromEnvironment;
        if (state.Failures.Count > 0 && (!isExplicit || state.Failures.ContainsKey(Connection.DefaultName))) throw state.MainFailure.ToException();

        return Current ?? (state.FromEnvironment = Add(new Connection(DefaultAddress(), KeyFromEnvironment())));
    }

    /// <summary>
    /// Records that a command that should connect this runspace has failed. Until Connect-FaceGen succeeds or Disconnect-FaceGen
    /// runs, no command uses the environment's account, or an older connection of this name, instead.
    /// </summary>
    /// <param name="command">The command.</param>
    /// <param name="reason">Why it failed; null if PowerShell refused its parameters or input.</param>
    /// <param name="name">The name of the connection; null for a command that only prepares one.</param>
    internal static void MarkFailed(string command, string? reason, string? name = null)
    {
        // Documentation tools create cmdlets without a runspace.
        if (Runspace.DefaultRunspace is not null) CurrentState.Failures[name ?? Unnamed] = new FailedConnection(command, reason);
    }

    /// <summary>Removes the failures of the connections whose names match a pattern.</summary>
    internal static void ClearFailures(string pattern = "*")
    {
        WildcardPattern wildcard = WildcardPattern.Get(pattern, WildcardOptions.IgnoreCase);
        foreach (string name in CurrentState.Failures.Keys.Where(wildcard.IsMatch).ToArray()) CurrentState.Failures.Remove(name);
    }

    /// <summary>Returns the connection of this runspace with a name; null if there is none.</summary>
    /// <exception cref="FaceGenException">A command that should replace it has failed.</exception>
    internal static Connection? FindUsable(string name) =>
        CurrentState.Failures.TryGetValue(name, out FailedConnection? failure) ? throw failure.ToException() : Find(name);

    /// <summary>Returns the connection of this runspace with a name, whether replacing it has failed or not.</summary>
    internal static Connection? Find(string name) => CurrentState.ByName.TryGetValue(name, out Connection? connection) ? connection : null;

    /// <summary>Returns the connections of this runspace that match a name or a pattern.</summary>
    internal static IReadOnlyList<Connection> Match(string name)
    {
        if (Find(name) is { } exact) return [exact];

        WildcardPattern pattern = WildcardPattern.Get(name, WildcardOptions.IgnoreCase);
        return [.. All.Where(connection => pattern.IsMatch(connection.Name))];
    }

    /// <summary>Adds a connection to this runspace. Work that uses the former one of this name continues with it.</summary>
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
    /// Ends a connection, and removes it from this runspace. Background work continues: a generation's slot, for which other
    /// runspaces wait, is released only when a poll has seen the generation end.
    /// </summary>
    internal static void Disconnect(Connection connection)
    {
        connection.Disconnect();
        if (Find(connection.Name) == connection) CurrentState.ByName.Remove(connection.Name);
    }

    /// <summary>Returns the key in the environment.</summary>
    /// <exception cref="FaceGenException">There is none.</exception>
    internal static ApiKey KeyFromEnvironment() =>
        Environment.GetEnvironmentVariable(ApiKey.EnvironmentVariable) is { } key && !string.IsNullOrWhiteSpace(key)
            ? ApiKeyParser.Parse(key, $"The key in the environment variable {ApiKey.EnvironmentVariable}")
            : throw new FaceGenException(ErrorCode.NotConnected,
                $"There is no connection to the service. Nothing was sent. Run Connect-FaceGen -ApiKey, or set the environment variable {ApiKey.EnvironmentVariable}. To try FaceGen without a key, run Start-FaceGenEmulator | Connect-FaceGen.");

    /// <summary>Returns the address in the environment, or the service's default.</summary>
    internal static ServiceAddress DefaultAddress(bool isEnterprise = false)
    {
        string? address = Environment.GetEnvironmentVariable(AddressVariable);
        if (string.IsNullOrWhiteSpace(address)) return ServiceAddress.Parse(ServiceAddress.Default, isEnterprise);

        return Uri.TryCreate(address, UriKind.RelativeOrAbsolute, out Uri? uri)
            ? ServiceAddress.Parse(uri, isEnterprise)
            : throw new FaceGenException(ErrorCode.ConnectionInvalid, $"The environment variable {AddressVariable} is not a valid address. Nothing was sent. Set it to an address such as https://modelslab.com, or remove it.");
    }

    /// <summary>The connections of a runspace.</summary>
    private sealed class RunspaceState
    {
        internal Dictionary<string, Connection> ByName { get; } = new(StringComparer.OrdinalIgnoreCase);

        /// <summary>Gets or sets the connection that was created from the environment.</summary>
        internal Connection? FromEnvironment { get; set; }

        /// <summary>Gets the failed commands by the name of their connection.</summary>
        internal Dictionary<string, FailedConnection> Failures { get; } = new(StringComparer.OrdinalIgnoreCase);

        /// <summary>Gets the failure to report: first that of the default connection, first one with a known reason.</summary>
        internal FailedConnection MainFailure => Failures
            .OrderBy(failure => failure.Key != Unnamed && !failure.Key.Equals(Connection.DefaultName, StringComparison.OrdinalIgnoreCase))
            .ThenBy(failure => failure.Value.Reason is null)
            .ThenBy(failure => failure.Key == Unnamed)
            .First().Value;
    }

    /// <summary>A failed command that should connect the runspace.</summary>
    private sealed record FailedConnection(string Command, string? Reason)
    {
        internal FaceGenException ToException() => new(ErrorCode.NotConnected,
            $"{Command} failed before ({Reason?.TrimEnd('.') ?? "its parameters or pipeline input were invalid, or it got no input"}). Nothing was sent, because FaceGen does not use another account instead. Run Connect-FaceGen again, or Disconnect-FaceGen to use the account of the environment.");
    }
}
