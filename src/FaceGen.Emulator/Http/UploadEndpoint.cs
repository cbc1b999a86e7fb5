using System.Text.Json.Nodes;
using FaceGen.Emulator.Contract;
using FaceGen.Emulator.Images;

namespace FaceGen.Emulator.Http;

/// <summary>Turns a base64 image into a link that is valid for 24 hours.</summary>
internal static class UploadEndpoint
{
    internal static ApiResponse Base64ToUrl(ApiCall call) => Upload(call, "base64_string");

    internal static ApiResponse ImageEditingBase64ToUrl(ApiCall call) => Upload(call, "init_image");

    private static ApiResponse Upload(ApiCall call, string field)
    {
        BodyReader fields = call.Fields;
        string? brokenRule = null;
        FaceReference? upload = fields.RequiredImage(field) is { } text
            ? call.State.Faces.ReadInline(text, out brokenRule)
            : null;
        if (brokenRule is not null)
            fields.AddError(field, brokenRule);

        return upload is null
            ? ApiResponse.Invalid(fields)
            : ApiResponse.Success(new JsonObject
            {
                ["id"] = call.State.NextId(),
                ["output"] = new JsonArray(upload.Link),
            });
    }
}
