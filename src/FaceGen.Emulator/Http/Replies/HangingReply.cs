using Microsoft.AspNetCore.Http;

namespace FaceGen.Emulator.Http.Replies;

/// <summary>No answer: the connection stays open, silent, until the caller goes away or the emulator stops.</summary>
internal sealed record HangingReply : IReply
{
    public int StatusCode => 0;

    public bool IsGood => false;

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var gone = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        CancellationTokenRegistration registration = httpContext.RequestAborted.Register(gone.SetResult);
        await using (registration.ConfigureAwait(false))
            await gone.Task.ConfigureAwait(false);
    }
}
