using System.Management.Automation;
using FaceGen.Http;

namespace FaceGen.PowerShell.Parameters;

/// <summary>Turns a string into a secure one, so that a key may be given either way.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class SecretAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        object raw = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        return raw is string text ? Secret.Lock(text) : raw;
    }
}
