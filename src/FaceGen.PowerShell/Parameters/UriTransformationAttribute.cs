using System.Management.Automation;

namespace FaceGen.PowerShell.Parameters;

/// <summary>Converts a text to an address. PowerShell's own error would show an invalid one with its password.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class UriTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        if ((inputData is PSObject wrapped ? wrapped.BaseObject : inputData) is not string text) return inputData;

        return Uri.TryCreate(text, UriKind.RelativeOrAbsolute, out Uri? address)
            ? address
            : throw new ArgumentTransformationMetadataException("The value is not a valid address. FaceGen does not show it, because it may contain a password. Nothing was sent. Give an address such as https://modelslab.com.");
    }
}
