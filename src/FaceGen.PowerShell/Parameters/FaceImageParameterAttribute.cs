using System.Management.Automation;
using FaceGen.Contract;
using FaceGen.PowerShell.Pipeline;

namespace FaceGen.PowerShell.Parameters;

/// <summary>
/// Converts the value of a parameter to a face image. Paths are relative to the current location. The command reports a value that is
/// not a face image, with the error id that a row has.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class FaceImageParameterAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object? Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        if (ScriptBlockArgument.TryHold(RequestField.FaceImage, RequestRowReader.Unwrap(inputData))) return null;

        var paths = new PathResolver(() => engineIntrinsics.SessionState.Path);
        try
        {
            return FaceImageReader.Read(RequestRowReader.Unwrap(inputData), text => FaceImage.Parse(text, path => paths.Resolve(path, ErrorCode.FaceImageInvalid), isFileChecked: false));
        }
        catch (FaceGenException e)
        {
            return FaceImage.FromError(e);
        }
    }
}
