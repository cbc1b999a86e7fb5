using System.Management.Automation;
using FaceGen.Contract;
using FaceGen.Saving;

namespace FaceGen.PowerShell.Parameters;

/// <summary>Lets a file name be a script block, which the setter of the parameter gets from <see cref="ScriptBlockArgument"/>.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class ScriptBlockNameAttribute : ArgumentTransformationAttribute
{
    /// <summary>The parameter.</summary>
    internal const string Parameter = "Name";

    /// <summary>Returns the name that a script block gives.</summary>
    /// <param name="block">The script block.</param>
    /// <param name="input">The value of <c>$_</c>.</param>
    /// <param name="target">What is named, for errors, such as "generation 12".</param>
    /// <param name="consequence">What an error means, as a sentence.</param>
    /// <exception cref="FaceGenException">The script block failed, or returned several values.</exception>
    internal static string Evaluate(ScriptBlock block, object input, string target, string consequence)
    {
        try
        {
            string[] names = [.. block.InvokeWithContext(null, [new PSVariable("_", input)]).Select(name => name?.ToString() ?? "")];
            return names.Length == 1 ? names[0]
                : throw new FaceGenException(ErrorCode.FileNameInvalid, $"The script block of -Name returned {names.Length} values for {target} instead of one name. {consequence} Correct the script block.");
        }
        catch (RuntimeException e) when (e is not PipelineStoppedException)
        {
            throw new FaceGenException(ErrorCode.FileNameInvalid, $"The script block of -Name failed for {target}: {DisplayText.Clean(e.Message, 300).TrimEnd('.')}. {consequence} Correct the script block.", e);
        }
    }

    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData) =>
        ScriptBlockArgument.TryHold(Parameter, RequestRowReader.Unwrap(inputData)) ? FileNameTemplate.Default : inputData;
}
