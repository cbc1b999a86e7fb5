namespace FaceGen.Simulation.Scheduling;

/// <summary>Something that can happen next.</summary>
/// <param name="Name">The name in a history.</param>
/// <param name="RunAsync">Has it happen.</param>
internal sealed record Step(string Name, Func<Task> RunAsync);
