namespace FaceGen.Simulation.Histories;

/// <summary>How a simulated process that did not end by itself has ended.</summary>
internal enum ProcessEnd
{
    /// <summary>It was killed: what was written stays.</summary>
    Kill,

    /// <summary>The power was lost: what was flushed stays.</summary>
    PowerLoss,
}
