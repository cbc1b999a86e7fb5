using FaceGen.Emulator.Faults;
using FaceGen.Emulator.Generating;
using FaceGen.Emulator.Http;
using FaceGen.Emulator.Journaling;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace FaceGen.Emulator;

/// <summary>A running emulator. It listens on 127.0.0.1 until it is disposed of.</summary>
public sealed class EmulatorHost : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly EmulatedService _service;

    private EmulatorHost(WebApplication app, EmulatedService service)
    {
        _app = app;
        _service = service;
    }

    /// <summary>The root of the emulated service, such as <c>http://127.0.0.1:40123/</c>.</summary>
    public Uri BaseUri => _service.Links.BaseUri;

    /// <summary>What happened since the start or the last reset, which begins a new journal.</summary>
    public Journal Journal => _service.State.Journal;

    /// <summary>The emulator's time, to be moved forward where a person would have to wait.</summary>
    public EmulatorClock Clock => _service.Clock;

    /// <summary>Which faults happen, to be changed at any moment.</summary>
    public FaultPlan Faults => _service.Faults;

    /// <summary>Starts an emulator; when the task ends, it answers.</summary>
    /// <param name="options">How it behaves.</param>
    /// <param name="cancellationToken">Gives up starting.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    /// <exception cref="IOException">The port is taken.</exception>
    public static async Task<EmulatorHost> StartAsync(
        EmulatorOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();

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
    /// Forgets everything: generations, uploads, queues and the journal; wallets are filled as at the start. The clock
    /// stays where it is; so do the rules of <see cref="Faults"/>, which count anew.
    /// </summary>
    public void Reset() => _service.Reset();

    /// <summary>Stops listening and drops open connections.</summary>
    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync().ConfigureAwait(false);
        _service.Dispose();
    }
}
