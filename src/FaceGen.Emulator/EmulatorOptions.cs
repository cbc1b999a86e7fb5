using FaceGen.Contract;
using FaceGen.Emulator.Faults;
using FaceGen.Emulator.Generating;

namespace FaceGen.Emulator;

/// <summary>
/// How an emulated service behaves. Every value has a default, so that an empty instance is a good service.
/// </summary>
public sealed class EmulatorOptions
{
    /// <summary>The port on 127.0.0.1, 0 to 65535. Default: 0, which takes a free one.</summary>
    public int Port { get; init; }

    /// <summary>The key of the first account. Default: <c>emulator-key</c>.</summary>
    public string ApiKey { get; init; } = "emulator-key";

    /// <summary>
    /// Keys of further accounts. Each has a queue and a wallet of its own and sees nothing of the others. Default: none.
    /// </summary>
    public IReadOnlyList<string> AdditionalApiKeys { get; init; } = [];

    /// <summary>How many requests an account may have queued or running, at least 1. Default: 5.</summary>
    public int QueueLimit { get; init; } = Limits.DefaultQueueLimit;

    /// <summary>
    /// How many of an account's requests are worked on at once, at least 1; the others wait, first in, first out.
    /// Default: null, which means as many as may be queued.
    /// </summary>
    public int? WorkerCount { get; init; }

    /// <summary>
    /// How long a generation takes on the emulator's clock. Default: no time at all, so that every submission is
    /// answered with its finished images.
    /// </summary>
    public ServiceTime ServiceTime { get; init; } = ServiceTime.None;

    /// <summary>
    /// How far the eta of a queued answer may be off, as a share of the true time, 0 to 1: anything within is equally
    /// likely. Default: 0, which tells the true time in whole seconds.
    /// </summary>
    public double EtaError { get; init; }

    /// <summary>Whether queued answers name no eta at all. Default: false.</summary>
    public bool OmitEta { get; init; }

    /// <summary>What each account's wallet holds at the start, in US dollars. Default: 100.</summary>
    public decimal Balance { get; init; } = 100m;

    /// <summary>What one image costs, in US dollars; taken when the request is accepted. Default: 0.01.</summary>
    public decimal PricePerImage { get; init; } = 0.01m;

    /// <summary>
    /// Seeds what the emulator draws by lot: service times, errors of etas, the seed of a request that names none, and faults. The same
    /// request asked for the n-th time gets the same lot under the same seed, in whatever order requests come. Default: 0.
    /// </summary>
    public int Seed { get; init; }

    /// <summary>Which faults happen from the start; <see cref="EmulatorHost.Faults"/> can change it. Default: none.</summary>
    public IReadOnlyList<FaultRule> Faults { get; init; } = [];

    /// <summary>The time that <see cref="EmulatorHost.Clock"/> runs on. Default: the system's.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>
    /// Told, once for each, of what a caller may want to know: an unknown field, a webhook on another machine, which is not called.
    /// Default: null; the journal holds the same warnings.
    /// </summary>
    public Action<string>? OnWarning { get; init; }

    /// <exception cref="ArgumentException">A value is out of its range.</exception>
    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfNegative(Port);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Port, 65535);
        ArgumentException.ThrowIfNullOrWhiteSpace(ApiKey);
        ArgumentOutOfRangeException.ThrowIfLessThan(QueueLimit, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(WorkerCount ?? 1, 1, nameof(WorkerCount));
        ArgumentOutOfRangeException.ThrowIfNegative(EtaError);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(EtaError, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(Balance);
        ArgumentOutOfRangeException.ThrowIfNegative(PricePerImage);
    }
}
