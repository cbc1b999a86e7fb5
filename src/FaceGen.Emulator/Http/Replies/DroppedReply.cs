using Microsoft.AspNetCore.Http;

namespace FaceGen.Emulator.Http.Replies;

/// <summary>No answer: the connection ends before a byte of one is sent.</summary>
internal sealed record DroppedReply : IReply
{
    public int StatusCode => 0;

    public bool IsGood => false;

    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Abort();
        return Task.CompletedTask;
    }
}
