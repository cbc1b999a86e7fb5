using System.Globalization;

namespace FaceGen.EmulatorHosting;

/// <summary>How an emulator is started.</summary>
/// <param name="Port">The port; 0 for a free one.</param>
/// <param name="QueueLimit">How many requests may be queued.</param>
/// <param name="ServiceTime">How long a generation takes, as the emulator spells it.</param>
/// <param name="EtaError">How far etas may be off, as a share of the true time; null for no etas at all.</param>
/// <param name="Balance">The money in the wallet.</param>
/// <param name="Seed">The seed of everything random.</param>
/// <param name="Faults">The rules by which calls go wrong, as the emulator spells them.</param>
internal sealed record EmulatorArguments(
    int Port, int QueueLimit, string ServiceTime, double? EtaError, double Balance, int Seed, IReadOnlyList<string> Faults)
{
    /// <summary>The key that the emulator takes; it opens nothing else.</summary>
    internal const string ApiKey = "emulator-key";

    internal IReadOnlyList<string> CommandLine =>
    [
        "--port", Format(Port), "--api-key", ApiKey, "--queue-limit", Format(QueueLimit), "--service-time", ServiceTime,
        "--balance", Format(Balance), "--seed", Format(Seed), "--exit-with-stdin",
        .. EtaError switch { null => ["--no-eta"], 0 => [], { } error => new[] { "--eta-error", Format(error) } },
        .. Faults.SelectMany(rule => new[] { "--fault", rule }),
    ];

    /// <summary>What the emulator says of its options, in the words of Start-FaceGenEmulator.</summary>
    internal static string ToParameterNames(string message)
    {
        int help = message.IndexOf(" Run with --help", StringComparison.Ordinal);
        return (help < 0 ? message : message.Substring(0, help))
            .Replace("--list-faults and /admin/faults show them all", "Tab shows them all")
            .Replace("The option --fault: ", "-Fault: ").Replace("The option --service-time ", "-ServiceTime ");
    }

    private static string Format(IFormattable number) => number.ToString(null, CultureInfo.InvariantCulture);
}
