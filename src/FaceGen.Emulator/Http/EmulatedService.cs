using System.Collections.Concurrent;
using FaceGen.Emulator.Drawing;
using FaceGen.Emulator.Faults;
using FaceGen.Emulator.Generating;
using FaceGen.Emulator.Images;

namespace FaceGen.Emulator.Http;

/// <summary>
/// What every endpoint stands on: the options, the clock, the links, the painter, and the state of now.
/// </summary>
internal sealed class EmulatedService : IDisposable
{
    private readonly ConcurrentDictionary<string, bool> _warnings = new(StringComparer.Ordinal);
    private volatile ServiceState _state;

    internal EmulatedService(EmulatorOptions options)
    {
        Options = options;
        Clock = new EmulatorClock(options.TimeProvider);
        Faults = new FaultPlan(options.Faults, options.Seed);
        _state = NewState();
    }

    internal EmulatorOptions Options { get; }

    internal EmulatorClock Clock { get; }

    internal FaultPlan Faults { get; }

    internal LinkFactory Links { get; } = new();

    internal PictureStore Pictures { get; } = new();

    internal ServiceState State => _state;

    internal void Reset()
    {
        using ServiceState before = _state;
        _state = NewState();
        Faults.ResetCounts();
    }

    /// <summary>Tells the emulator's owner, once for each warning.</summary>
    internal void ReportWarning(string warning)
    {
        if (_warnings.TryAdd(warning, true))
            Options.OnWarning?.Invoke(warning);
    }

    public void Dispose()
    {
        _state.Dispose();
        Pictures.Dispose();
    }

    private ServiceState NewState() => new(Options, Clock, Links, Faults);
}
