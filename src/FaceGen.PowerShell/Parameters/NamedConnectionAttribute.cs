using System.Management.Automation;
using FaceGen.Contract;
using FaceGen.PowerShell.State;

namespace FaceGen.PowerShell.Parameters;

/// <summary>Finds the connection of this runspace that a name means.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class NamedConnectionAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        if (inputData is PSObject flat && flat.TypeNames.Contains($"Deserialized.{typeof(Connection).FullName}"))
        {
            throw new ArgumentTransformationMetadataException(
                "A connection has no key any more when it comes out of a file, a job or a session: Connect-FaceGen makes one there. Threads (Start-ThreadJob, ForEach-Object -Parallel) take one as it is.");
        }

        object raw = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        if (raw is not string name) return raw;

        try
        {
            return Connections.FindUsable(name) ?? throw new ArgumentTransformationMetadataException(
                $"This runspace has no connection '{DisplayText.Clean(name, 60)}': Connect-FaceGen -Name makes one.");
        }
        catch (FaceGenException e)
        {
            throw new ArgumentTransformationMetadataException(e.Message, e);
        }
    }
}
