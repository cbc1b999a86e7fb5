namespace FaceGen.Generating;

/// <summary>
/// Logs the warnings of an account that occur in the background, each once: to the commands that run then, otherwise to the
/// next one.
/// </summary>
internal sealed class AccountWarnings
{
    /// <summary>The largest number of different warnings, so that a service with ever new status words does not fill the memory.</summary>
    internal const int Capacity = 100;

    private readonly object _gate = new();
    private readonly HashSet<string> _keys = new(StringComparer.Ordinal);
    private readonly List<IEngineLog> _logs = [];
    private readonly List<string> _undelivered = [];

    /// <summary>Logs a warning unless one with the same key was logged before.</summary>
    /// <param name="key">Identifies the warning.</param>
    /// <param name="message">The warning.</param>
    internal void LogWarning(string key, string message)
    {
        IEngineLog[] logs;
        lock (_gate)
        {
            if (_keys.Count == Capacity || !_keys.Add(key)) return;

            logs = [.. _logs.Distinct()];
            if (logs.Length == 0) _undelivered.Add(message);
        }

        foreach (IEngineLog log in logs) log.LogWarning(message);
    }

    /// <summary>Sends warnings to a log until the result is disposed of, beginning with those that no log has received.</summary>
    internal IDisposable Subscribe(IEngineLog log)
    {
        string[] undelivered;
        lock (_gate)
        {
            _logs.Add(log);
            undelivered = [.. _undelivered];
            _undelivered.Clear();
        }

        foreach (string message in undelivered) log.LogWarning(message);
        return new Subscription(this, log);
    }

    private sealed class Subscription(AccountWarnings warnings, IEngineLog log) : IDisposable
    {
        private AccountWarnings? _warnings = warnings;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _warnings, null) is not { } warnings) return;

            lock (warnings._gate) warnings._logs.Remove(log);
        }
    }
}
