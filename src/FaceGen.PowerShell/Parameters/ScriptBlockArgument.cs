using System.Management.Automation;

namespace FaceGen.PowerShell.Parameters;

/// <summary>
/// Carries a script block such as <c>-Style { $_.kind }</c> from the conversion of an argument to the setter of its parameter, which
/// PowerShell calls next on the same thread. The conversion does not know the command, and the parameter's type cannot hold the block.
/// </summary>
internal static class ScriptBlockArgument
{
    [ThreadStatic]
    private static (object Parameter, ScriptBlock Block)? t_held;

    /// <summary>Holds the script block of an argument for the setter; forgets any other.</summary>
    /// <param name="parameter">The parameter: its field of the request, or its name.</param>
    /// <param name="argument">The argument.</param>
    /// <returns>False if the argument is not a script block.</returns>
    internal static bool TryHold(object parameter, object? argument)
    {
        t_held = argument is ScriptBlock block ? (parameter, block) : null;
        return t_held is not null;
    }

    /// <summary>Returns the script block that was held for a parameter, and forgets it; null if its argument was a value.</summary>
    internal static ScriptBlock? Release(object parameter)
    {
        ScriptBlock? block = t_held is var (owner, held) && owner.Equals(parameter) ? held : null;
        t_held = null;
        return block;
    }
}
