using System.Management.Automation;
using FaceGen.Saving;

namespace FaceGen.PowerShell.Parameters;

/// <summary>Lets a file name be a script block, which the setter of the parameter gets from <see cref="ScriptBlockArgument"/>.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class ScriptBlockNameAttribute : ArgumentTransformationAttribute
{
    /// <summary>The parameter.</summary>
    internal const string Parameter = "Name";

    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData) =>
        ScriptBlockArgument.TryHold(Parameter, RequestRowReader.Unwrap(inputData)) ? FileNameTemplate.Default : inputData;
}
