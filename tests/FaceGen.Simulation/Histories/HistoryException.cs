namespace FaceGen.Simulation.Histories;

/// <summary>A rule was broken: the history is evidence of a fault.</summary>
internal sealed class HistoryException(string message) : Exception(message);
