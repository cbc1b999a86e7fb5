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
        var paths = new PathResolver(() => engineIntrinsics.SessionState.Path);
        FaceImage? image;
        try
        {
            image = FaceImageReader.Read(RequestRowReader.Unwrap(inputData), text => FaceImage.Parse(text, path => paths.Resolve(path, ErrorCode.FaceImageInvalid), isFileChecked: false));
        }
        catch (FaceGenException e)
        {
            image = FaceImage.FromFault(e);
        }

        return InputBinding.TryAdd(RequestField.FaceImage, image) ? null : image;
    }
}
