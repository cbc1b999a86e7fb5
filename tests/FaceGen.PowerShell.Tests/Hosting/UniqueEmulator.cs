using System.Collections.Concurrent;
using FaceGen.Emulator;

namespace FaceGen.PowerShell.Tests.Hosting;

/// <summary>
/// Emulators of which no two have the same address. The module knows an account by address and key as long as the process
/// lives, and the system gives a port again that is free: what one test left unfinished would be another's.
/// </summary>
internal static class UniqueEmulator
{
    private static readonly ConcurrentDictionary<Uri, byte> UsedAddresses = new();

    internal static async Task<EmulatorHost> StartAsync(EmulatorOptions options)
    {
        while (true)
        {
            EmulatorHost emulator = await EmulatorHost.StartAsync(options);
            if (UsedAddresses.TryAdd(emulator.BaseUri, 0)) return emulator;

            await emulator.DisposeAsync();
        }
    }
}
