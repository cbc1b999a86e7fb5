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
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);
    private readonly List<IListener> _listeners = [];
    private readonly List<string> _notShown = [];

    /// <summary>Shows a warning unless one with the same key was given before.</summary>
    /// <param name="key">What the warning is about.</param>
    /// <param name="text">The warning.</param>
    internal void Warn(string key, string text)
    {
        IListener[] listeners;
        lock (_gate)
        {
            if (_known.Count == Capacity || !_known.Add(key)) return;

            listeners = [.. _listeners.Distinct()];
            if (listeners.Length == 0) _notShown.Add(text);
        }

        foreach (IListener listener in listeners) listener.Warn(text);
    }

    /// <summary>Shows warnings to a listener until the result is disposed of, beginning with those that were not shown.</summary>
    internal IDisposable Listen(IListener listener)
    {
        string[] notShown;
        lock (_gate)
        {
            _listeners.Add(listener);
            notShown = [.. _notShown];
            _notShown.Clear();
        }

        foreach (string text in notShown) listener.Warn(text);
        return new Listening(this, listener);
    }

    private sealed class Listening(AccountWarnings warnings, IListener listener) : IDisposable
    {
        private AccountWarnings? _warnings = warnings;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _warnings, null) is not { } warnings) return;

            lock (warnings._gate) warnings._listeners.Remove(listener);
        }
    }
}
