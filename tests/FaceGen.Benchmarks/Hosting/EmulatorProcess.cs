namespace FaceGen.Benchmarks.Hosting;

/// <summary>The emulator in a process of its own, for where its work and its memory must not count as FaceGen's.</summary>
internal sealed class EmulatorProcess : IDisposable
{
    private readonly PowerShellSession _owner = PowerShellSession.Open();

    private EmulatorProcess(int slots, string serviceTime, int seed) => BaseUri = (Uri)_owner.Run("""
        param($slots, $time, $seed)
        ($script:emulator = Start-FaceGenEmulator -QueueLimit $slots -ServiceTime $time -Seed $seed -Balance 1e9).BaseUri
        """, slots, serviceTime, seed)[0].BaseObject;

    internal Uri BaseUri { get; }

    internal static EmulatorProcess Start(int slots, string serviceTime, int seed) => new(slots, serviceTime, seed);

    public void Dispose()
    {
        _owner.Run("$script:emulator | Stop-FaceGenEmulator");
        _owner.Dispose();
    }
}
