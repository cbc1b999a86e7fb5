using FaceGen.Simulation.Scheduling;

namespace FaceGen.Simulation;

/// <summary>Prepares the process for simulated histories.</summary>
public abstract class SimulationTests
{
    protected SimulationTests()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The simulated disk uses the Unix file system of SQLite.");
        ThreadPoolQueue.UseOneThread();
    }
}
