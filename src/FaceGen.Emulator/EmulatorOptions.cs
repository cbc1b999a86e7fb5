using FaceGen.Contract;
using FaceGen.Emulator.Faults;
using FaceGen.Emulator.Generating;

namespace FaceGen.Emulator;

/// <summary>The settings of an emulated service. Every property has a default, so that an empty instance works.</summary>
public sealed class EmulatorOptions
{
    /// <summary>Gets the port on 127.0.0.1, 0 to 65535. Default: 0, which selects a free port.</summary>
    public int Port { get; init; }

    /// <summary>Gets the key of the first account. Default: <c>emulator-key</c>.</summary>
    public string ApiKey { get; init; } = "emulator-key";

    /// <summary>
    /// Gets the keys of additional accounts. Each account has its own queue and wallet and cannot see the others.
    /// Default: none.
    /// </summary>
    public IReadOnlyList<string> AdditionalApiKeys { get; init; } = [];

    /// <summary>Gets the number of requests that an account may have queued or running, at least 1. Default: 5.</summary>
    public int QueueLimit { get; init; } = Limits.DefaultQueueLimit;

    /// <summary>
    /// Gets the number of an account's requests that are processed at once, at least 1; the others wait, first in,
    /// first out. Default: null, which is the queue limit.
    /// </summary>
    public int? WorkerCount { get; init; }

    /// <summary>
    /// Gets the time that a generation takes on the emulator's clock. Default: none, so that the response to a
    /// submission has the images.
    /// </summary>
    public ServiceTime ServiceTime { get; init; } = ServiceTime.None;

    /// <summary>
    /// Gets the largest error of an eta as a share of the true time, 0 to 1; errors are uniformly distributed. Default:
    /// 0, the true time in whole seconds.
    /// </summary>
    public double EtaError { get; init; }

    /// <summary>True if queued responses omit the eta. Default: false.</summary>
    public bool OmitEta { get; init; }

    /// <summary>Gets each account's initial balance in US dollars. Default: 100.</summary>
    public decimal Balance { get; init; } = 100m;

    /// <summary>Gets the price of one image in US dollars, charged when the request is accepted. Default: 0.01.</summary>
    public decimal PricePerImage { get; init; } = 0.01m;

    /// <summary>
    /// Gets the seed of everything random: service times, eta errors, faults, and the seed of a request without one.
    /// The n-th occurrence of the same request gets the same values under the same seed, in any order of requests.
    /// Default: 0.
    /// </summary>
    public int Seed { get; init; }

    /// <summary>
    /// Gets whether the emulator refuses what it otherwise accepts with a warning: values that the published examples send and
    /// the contract does not allow, such as numbers as strings; and a face image as base64 without <c>base64</c>. Default: false.
    /// </summary>
    public bool Strict { get; init; }

    /// <summary>Gets the fault rules at the start; <see cref="EmulatorHost.Faults"/> can change them. Default: none.</summary>
    public IReadOnlyList<FaultRule> Faults { get; init; } = [];

    /// <summary>Gets the time provider of <see cref="EmulatorHost.Clock"/>. Default: the system's.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>
    /// Gets the method that is called once for each distinct warning, such as an unknown field or a webhook on another
    /// machine. Default: null; the journal has the same warnings.
    /// </summary>
    public Action<string>? OnWarning { get; init; }

    /// <summary>Checks the range of every value.</summary>
    /// <exception cref="ArgumentException">A value is out of range.</exception>
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
