using System.Management.Automation;
using FaceGen.Contract;
using FaceGen.PowerShell.State;

namespace FaceGen.PowerShell.Parameters;

/// <summary>Converts a name to the connection of this runspace with that name.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class NamedConnectionAttribute : ArgumentTransformationAttribute
{
    /// <summary>The error of a deserialized connection.</summary>
    internal const string DeserializedMessage =
        "A deserialized connection has no key. Nothing was sent. Run Connect-FaceGen in this job or session with the key. Threads (Start-ThreadJob, ForEach-Object -Parallel) can use the connection object itself.";

    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        if (inputData is PSObject flat && RequestRowReader.IsDeserialized<Connection>(flat)) throw new ArgumentTransformationMetadataException(DeserializedMessage);

        object raw = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        if (raw is not string name) return raw;

        try
        {
            return Connections.FindUsable(name) ?? throw new ArgumentTransformationMetadataException(
                $"This runspace has no connection '{DisplayText.Clean(name, 60)}'. Nothing was sent. Run Connect-FaceGen -Name to create it, or Get-FaceGenConnection to list the connections.");
        }
        catch (FaceGenException e)
        {
            throw new ArgumentTransformationMetadataException(e.Message, e);
        }
    }
}
