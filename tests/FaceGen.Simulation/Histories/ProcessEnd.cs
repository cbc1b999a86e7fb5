namespace FaceGen.Simulation.Histories;

/// <summary>How a simulated process ended.</summary>
internal enum ProcessEnd
{
    /// <summary>By itself.</summary>
    Exit,

    /// <summary>It was killed: what was written stays.</summary>
    Kill,

    /// <summary>The power was lost: what was flushed stays.</summary>
    PowerLoss,
}
