using System.Data.Common;
using System.Management.Automation;
using System.Security;
using FaceGen.Http;

namespace FaceGen.PowerShell.Parameters;

/// <summary>Turns a string into a secure one, so that a key may be given either way.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class SecretAttribute : ArgumentTransformationAttribute
{
    /// <summary>
    /// Gets or sets whether an object from the pipeline may bring the secret in a property: such an object is left as it is, so
    /// that PowerShell binds its properties.
    /// </summary>
    public bool AllowPropertyBinding { get; set; }

    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        object raw = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        return raw switch
        {
            string text => Secret.Protect(text),
            Uri address => Secret.Protect(address.OriginalString),
            DbConnectionStringBuilder settings => Secret.Protect(settings.ConnectionString),
            null or SecureString => raw!,
            _ when AllowPropertyBinding => raw,
            // PowerShell's own error quotes the value.
            _ => throw new ArgumentTransformationMetadataException($"A text or a secure string belongs here, not a {raw.GetType().Name}."),
        };
    }
}
