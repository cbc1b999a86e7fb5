using System.Security;
using FaceGen.Http;

namespace FaceGen;

/// <summary>A running emulator, which <c>Connect-FaceGen</c> accepts from the pipeline.</summary>
public sealed class EmulatorInstance
{
    internal EmulatorInstance(Uri baseUri, string apiKey, int queueLimit, int processId)
    {
        BaseUri = baseUri;
        QueueLimit = queueLimit;
        ProcessId = processId;
        ApiKey = SecretText.Protect(apiKey);
    }

    /// <summary>Gets the address.</summary>
    public Uri BaseUri { get; }

    /// <summary>
    /// Gets the key that the emulator accepts. It is not public, so that Export-Csv has no column for it; <see cref="GetApiKey"/> returns
    /// it.
    /// </summary>
    internal SecureString ApiKey { get; }

    /// <summary>Gets the number of slots.</summary>
    public int QueueLimit { get; }

    /// <summary>Gets the id of the emulator's process.</summary>
    public int ProcessId { get; }

    /// <summary>Returns the key that the emulator accepts, which scripts get as the property ApiKey.</summary>
    public SecureString GetApiKey() => ApiKey;

    /// <summary>Returns the address.</summary>
    public override string ToString() => BaseUri.ToString();
}
