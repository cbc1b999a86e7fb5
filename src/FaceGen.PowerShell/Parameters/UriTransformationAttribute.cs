using System.Management.Automation;

namespace FaceGen.PowerShell.Parameters;

/// <summary>Takes a text for an address. PowerShell would repeat one that is none, with the password that it may name.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class UriTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        if ((inputData is PSObject wrapped ? wrapped.BaseObject : inputData) is not string text) return inputData;

        return Uri.TryCreate(text, UriKind.RelativeOrAbsolute, out Uri? address)
            ? address
            : throw new ArgumentTransformationMetadataException("What was given is no address. It is not shown, as it may name a password.");
    }
}
