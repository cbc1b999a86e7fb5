using FaceGen.Emulator.Drawing;
using FaceGen.Emulator.Faults;
using FaceGen.Emulator.Generating;
using FaceGen.Emulator.Http;
using FaceGen.Emulator.Journaling;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace FaceGen.Emulator;

/// <summary>A running emulator. It listens on 127.0.0.1 until it is disposed.</summary>
public sealed class EmulatorHost : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly EmulatedService _service;

    private EmulatorHost(WebApplication app, EmulatedService service)
    {
        _app = app;
        _service = service;
    }

    /// <summary>Gets the root of the emulated service, such as <c>http://127.0.0.1:40123/</c>.</summary>
    public Uri BaseUri => _service.Links.BaseUri;

    /// <summary>Gets the journal of everything since the start or the last reset, which begins a new journal.</summary>
    public Journal Journal => _service.State.Journal;

    /// <summary>Gets the emulator's clock, which can be advanced instead of waiting.</summary>
    public EmulatorClock Clock => _service.Clock;

    /// <summary>Gets the faults that happen; they can be changed at any time.</summary>
    public FaultPlan Faults => _service.Faults;

    /// <summary>Starts an emulator. When the task completes, the emulator responds.</summary>
    /// <param name="options">The emulator's settings.</param>
    /// <param name="cancellationToken">Cancels the start.</param>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    /// <exception cref="IOException">The port is in use.</exception>
    /// <exception cref="DllNotFoundException">SkiaSharp's native library does not load.</exception>
    public static async Task<EmulatorHost> StartAsync(
        EmulatorOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        SkiaNative.Load();

        // The empty builder reads no settings from files or the environment and logs nothing.
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls($"http://127.0.0.1:{options.Port}");
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton<IHostLifetime, EmbeddedLifetime>();

        var service = new EmulatedService(options);
        WebApplication app = builder.Build();
        app.Use(LoopbackOnly.CheckAsync);
        app.Use(SlashMiddleware.CollapseAsync);
        app.UseRouting();
        Routes.Map(app, service);

        var host = new EmulatorHost(app, service);
        try
        {
            await app.StartAsync(cancellationToken).ConfigureAwait(false);
            service.Links.BaseUri = new Uri(app.Urls.Single());
            return host;
        }
        catch
        {
            await host.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>
    /// Clears generations, uploads, queues and the journal, and refills the wallets. The clock is not changed. The
    /// rules of <see cref="Faults"/> stay and restart their counts.
    /// </summary>
    public void Reset() => _service.Reset();

    /// <summary>Stops listening and closes open connections.</summary>
    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync().ConfigureAwait(false);
        _service.Dispose();
    }
}

/// <summary>
/// A host lifetime that handles no signals. The default lifetime would catch Ctrl+C for the web application and take it
/// from the program or test run that hosts the emulator.
/// </summary>
file sealed class EmbeddedLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
