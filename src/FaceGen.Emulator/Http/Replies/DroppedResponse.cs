using Microsoft.AspNetCore.Http;

namespace FaceGen.Emulator.Http.Replies;

/// <summary>No answer: the connection ends before a byte of one is sent.</summary>
internal sealed record DroppedResponse : IResponse
{
    public int StatusCode => 0;

    public bool IsSuccess => false;

    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Abort();
        return Task.CompletedTask;
    }
}
