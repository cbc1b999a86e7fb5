using System.Collections.Concurrent;
using FaceGen.Emulator;

namespace FaceGen.PowerShell.Tests.Hosting;

/// <summary>
/// Starts emulators with distinct addresses. The module identifies an account by address and key for the lifetime of the
/// process, and on a reused port it would find what another test left unfinished.
/// </summary>
internal static class UniqueEmulator
{
    private static readonly ConcurrentDictionary<Uri, byte> UsedAddresses = new();

    internal static async Task<EmulatorHost> StartAsync(EmulatorOptions options)
    {
        for (int attempt = 0; attempt < 100; attempt++)
        {
            EmulatorHost emulator = await EmulatorHost.StartAsync(options);
            if (UsedAddresses.TryAdd(emulator.BaseUri, 0)) return emulator;

            await emulator.DisposeAsync();
        }

        throw new InvalidOperationException("The system assigned only used ports.");
    }
}
