using Microsoft.AspNetCore.Http;

namespace FaceGen.Emulator.Http.Replies;

/// <summary>A body without a length that goes on until the caller goes away or the emulator stops.</summary>
internal sealed record EndlessResponse(string MediaType, ReadOnlyMemory<byte> Start) : IResponse
{
    private const int BlockSize = 64 * 1024;

    public int StatusCode => StatusCodes.Status200OK;

    public bool IsSuccess => true;

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        HttpResponse response = httpContext.Response;
        response.ContentType = MediaType;
        await response.Body.WriteAsync(Start).ConfigureAwait(false);

        // Blanks may stand anywhere between the parts of a JSON text.
        var block = new byte[BlockSize];
        block.AsSpan().Fill((byte)' ');
        while (!httpContext.RequestAborted.IsCancellationRequested)
            await response.Body.WriteAsync(block).ConfigureAwait(false);
    }
}
