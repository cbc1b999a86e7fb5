using Microsoft.AspNetCore.Http;

namespace FaceGen.Emulator.Http.Replies;

/// <summary>No answer: the connection stays open, silent, until the caller goes away or the emulator stops.</summary>
internal sealed record HangingResponse : IResponse
{
    public int StatusCode => 0;

    public bool IsSuccess => false;

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var gone = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        CancellationTokenRegistration registration = httpContext.RequestAborted.Register(gone.SetResult);
        await using (registration.ConfigureAwait(false))
            await gone.Task.ConfigureAwait(false);
    }
}
