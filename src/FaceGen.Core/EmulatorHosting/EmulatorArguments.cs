using System.Globalization;

namespace FaceGen.EmulatorHosting;

/// <summary>The command line of the emulator.</summary>
/// <param name="Port">The port; 0 for a free one.</param>
/// <param name="QueueLimit">The number of slots.</param>
/// <param name="ServiceTime">How long a generation takes, in the emulator's syntax.</param>
/// <param name="EtaError">The largest error of etas, as a share of the service time; null for no etas.</param>
/// <param name="Balance">The balance of the wallet.</param>
/// <param name="Seed">The seed of all random numbers.</param>
/// <param name="Strict">True if the emulator refuses what deviates from the contract.</param>
/// <param name="Faults">The fault rules, in the emulator's syntax.</param>
internal sealed record EmulatorArguments(
    int Port, int QueueLimit, string ServiceTime, double? EtaError, double Balance, int Seed, bool Strict, IReadOnlyList<string> Faults)
{
    /// <summary>The key that the emulator accepts; it is not a key of the service.</summary>
    internal const string ApiKey = "emulator-key";

    /// <summary>Gets the arguments.</summary>
    internal IReadOnlyList<string> CommandLine =>
    [
        "--port", Format(Port), "--api-key", ApiKey, "--queue-limit", Format(QueueLimit), "--service-time", ServiceTime,
        "--balance", Format(Balance), "--seed", Format(Seed), "--exit-with-stdin",
        .. EtaError switch { null => ["--no-eta"], 0 => [], { } error => new[] { "--eta-error", Format(error) } },
        .. Strict ? new[] { "--strict" } : [],
        .. Faults.SelectMany(rule => new[] { "--fault", rule }),
    ];

    /// <summary>Returns an error message of the emulator with the parameter names of Start-FaceGenEmulator instead of its options.</summary>
    internal static string ToParameterNames(string message)
    {
        int help = message.IndexOf(" Run with --help", StringComparison.Ordinal);
        return (help < 0 ? message : message.Substring(0, help))
            .Replace("--list-faults and /admin/faults show them all", "Tab shows them all")
            .Replace("The option --fault: ", "-Fault: ").Replace("The option --service-time ", "-ServiceTime ");
    }

    private static string Format(IFormattable number) => number.ToString(null, CultureInfo.InvariantCulture);
}
