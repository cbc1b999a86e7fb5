using FaceGen.Contract;

namespace FaceGen.PowerShell.Parameters;

/// <summary>
/// Collects the values that PowerShell binds to request parameters for each pipeline input, instead of converting them. A script
/// block such as <c>-Style { $_.kind }</c> is the only source of such values: the command itself reads the input, with all faults of
/// a row in one error that names the row. PowerShell binds on one thread: first what was typed, then, for each input, the results of
/// script blocks, the input, and the properties of the input.
/// </summary>
internal static class InputBinding
{
    [ThreadStatic]
    private static State t_state;

    [ThreadStatic]
    private static List<(RequestField Field, object? Value)>? t_values;

    private enum State
    {
        /// <summary>Typed values are bound.</summary>
        Typed,

        /// <summary>The results of script blocks are bound.</summary>
        ScriptBlocks,

        /// <summary>The properties of the input are bound.</summary>
        Properties,
    }

    /// <summary>Starts the binding of what was typed for a new command. Returns what to pass to <see cref="Restore"/>.</summary>
    internal static object BeginTyped()
    {
        State before = t_state;
        t_state = State.Typed;
        return before;
    }

    /// <summary>Restores the state of the command around one that ended before its first input.</summary>
    internal static void Restore(object state) => t_state = (State)state;

    /// <summary>Starts the binding of the next input.</summary>
    internal static void BeginInput() => t_state = State.ScriptBlocks;

    /// <summary>Records that the input itself is bound, so that its properties follow.</summary>
    internal static void EndScriptBlocks()
    {
        if (t_state == State.ScriptBlocks) t_state = State.Properties;
    }

    /// <summary>Collects a value.</summary>
    /// <returns>False if the value was typed, and must be converted.</returns>
    internal static bool TryAdd(RequestField field, object? value)
    {
        if (t_state == State.Typed) return false;
        if (t_state == State.ScriptBlocks) (t_values ??= []).Add((field, value));
        return true;
    }

    /// <summary>Returns the results of the script blocks for the current input, and removes them.</summary>
    internal static IReadOnlyList<(RequestField Field, object? Value)> Take()
    {
        IReadOnlyList<(RequestField, object?)> values = t_values ?? [];
        t_values = null;
        return values;
    }
}
