using System.Data.Common;
using System.Management.Automation;
using System.Security;
using FaceGen.Http;

namespace FaceGen.PowerShell.Parameters;

/// <summary>Converts a string to a secure string.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class SecretAttribute : ArgumentTransformationAttribute
{
    /// <summary>
    /// Gets or sets whether other objects pass unchanged, so that PowerShell binds the secret from one of their properties.
    /// </summary>
    public bool AllowPropertyBinding { get; set; }

    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        object raw = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        return raw switch
        {
            string text => SecretText.Protect(text),
            Uri address => SecretText.Protect(address.OriginalString),
            DbConnectionStringBuilder settings => SecretText.Protect(settings.ConnectionString),
            null or SecureString => raw!,
            // Its address would get the key of the environment.
            _ when AllowPropertyBinding && inputData is PSObject flat && RequestRowReader.IsDeserialized<Connection>(flat) =>
                throw new ArgumentTransformationMetadataException(NamedConnectionAttribute.DeserializedMessage),
            _ when AllowPropertyBinding => raw,
            // PowerShell's own error would show the value.
            _ => throw new ArgumentTransformationMetadataException($"The value must be a text or a secure string, not a {raw.GetType().Name}. FaceGen does not show it, because it may contain a password. Nothing was sent. Give a text or a secure string."),
        };
    }
}
