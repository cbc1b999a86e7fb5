using Microsoft.Extensions.Hosting;

namespace FaceGen.Emulator.Http;

/// <summary>
/// Leaves the process's signals alone. The usual lifetime catches Ctrl+C for the web application, and so takes it away
/// from the program or the test run that the emulator is only a part of.
/// </summary>
internal sealed class EmbeddedLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
