using System.Diagnostics;
using System.Globalization;

namespace FaceGen.Tests.Shared;

/// <summary>Sends signals to processes.</summary>
internal static class PosixSignals
{
    /// <summary>Sends a signal.</summary>
    /// <param name="signal">The name without SIG, such as STOP.</param>
    /// <param name="processIds">The processes; one that has ended is ignored.</param>
    internal static void Send(string signal, params int[] processIds)
    {
        using Process kill = Process.Start("/bin/sh", ["-c", $"kill -{signal} {string.Join(' ', processIds.Select(id => id.ToString(CultureInfo.InvariantCulture)))} 2>/dev/null"]);
        kill.WaitForExit();
    }
}
