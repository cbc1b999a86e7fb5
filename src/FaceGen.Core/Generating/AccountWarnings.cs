namespace FaceGen.Generating;

/// <summary>
/// Shows the warnings of an account that come up in the background, each once: to the commands that listen then, or else to
/// the next one that does.
/// </summary>
internal sealed class AccountWarnings
{
    /// <summary>The largest number of different warnings, so that a service that makes up words does not fill the memory.</summary>
    internal const int Capacity = 100;

    private readonly object _gate = new();
    private readonly HashSet<string> _keys = new(StringComparer.Ordinal);
    private readonly List<IEngineLog> _logs = [];
    private readonly List<string> _undelivered = [];

    /// <summary>Shows a warning unless one with the same key was given before.</summary>
    /// <param name="key">What the warning is about.</param>
    /// <param name="message">The warning.</param>
    internal void LogWarning(string key, string message)
    {
        IEngineLog[] listeners;
        lock (_gate)
        {
            if (_keys.Count == Capacity || !_keys.Add(key)) return;

            listeners = [.. _logs.Distinct()];
            if (listeners.Length == 0) _undelivered.Add(message);
        }

        foreach (IEngineLog listener in listeners) listener.LogWarning(message);
    }

    /// <summary>Shows warnings to a listener until the result is disposed of, beginning with those that were not shown.</summary>
    internal IDisposable Subscribe(IEngineLog log)
    {
        string[] notShown;
        lock (_gate)
        {
            _logs.Add(log);
            notShown = [.. _undelivered];
            _undelivered.Clear();
        }

        foreach (string text in notShown) log.LogWarning(text);
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
