using System.Management.Automation;
using FaceGen.Contract;
using FaceGen.PowerShell.Pipeline;

namespace FaceGen.PowerShell.Parameters;

/// <summary>
/// Converts the value of a parameter to a face image. Paths are relative to the current location; the command checks the file when
/// it uses the image.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class FaceImageParameterAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object? Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        var paths = new PathResolver(() => engineIntrinsics.SessionState.Path);
        try
        {
            FaceImage? image = FaceImageReader.Read(RequestRowReader.Unwrap(inputData), text => FaceImage.Parse(text, path => paths.Resolve(path, ErrorCode.FaceImageInvalid), isFileChecked: false));
            return InputBinding.TryAdd(RequestField.FaceImage, image) ? null : image;
        }
        catch (FaceGenException e)
        {
            return InputBinding.TryAdd(RequestField.FaceImage, e) ? null : throw new ArgumentTransformationMetadataException(e.Message, e);
        }
    }
}
