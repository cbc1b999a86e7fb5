using System.Security;
using FaceGen.Http;

namespace FaceGen;

/// <summary>A running emulator, as <c>Connect-FaceGen</c> takes it from the pipeline.</summary>
public sealed class EmulatorInstance
{
    internal EmulatorInstance(Uri baseUri, string apiKey, int queueLimit, int processId)
    {
        BaseUri = baseUri;
        QueueLimit = queueLimit;
        ProcessId = processId;
        ApiKey = SecretText.Protect(apiKey);
    }

    /// <summary>The address on this machine.</summary>
    public Uri BaseUri { get; }

    /// <summary>The key that the emulator takes.</summary>
    public SecureString ApiKey { get; }

    /// <summary>How many requests may be queued.</summary>
    public int QueueLimit { get; }

    /// <summary>The id of the emulator's process.</summary>
    public int ProcessId { get; }

    /// <summary>The address.</summary>
    public override string ToString() => BaseUri.ToString();
}
