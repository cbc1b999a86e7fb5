using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Runtime.InteropServices;
using FaceGen.Emulator.Faults;
using FaceGen.Emulator.Generating;

namespace FaceGen.Emulator.CommandLine;

/// <summary>The emulator's command line: its options and their parsing.</summary>
internal static class EmulatorCommand
{
    private const int UsageError = 2;
    private const string ServiceTimes =
        "fixed:1.5, uniform:1-3, lognormal:3:0.4 (median, sigma), "
        + "bimodal:2:9:0.25 (fast, slow, share of the slow) or steps:0.05 (per inference step), in seconds";
    private static readonly EmulatorOptions Defaults = new();

    private static readonly Option<int> Port = Create(
        "--port", "The port on 127.0.0.1; 0 selects a free one.", Defaults.Port, "a number from 0 to 65535",
        static (string text, out int port) => TryParseInteger(text, out port) && port <= 65535);

    private static readonly Option<string> ApiKey = Create(
        "--api-key", "The API key that callers must send.", Defaults.ApiKey, "a text that is not blank",
        static (string text, out string key) => !string.IsNullOrWhiteSpace(key = text));

    private static readonly Option<int> QueueLimit = Create(
        "--queue-limit", "The number of requests that may be queued or running.", Defaults.QueueLimit, "a number from 1",
        static (string text, out int limit) => TryParseInteger(text, out limit) && limit >= 1);

    private static readonly Option<ServiceTime> GenerationTime = Create(
        "--service-time", $"The time that a generation takes: {ServiceTimes}.", Defaults.ServiceTime, ServiceTimes,
        static (string text, out ServiceTime time) => ServiceTime.TryParse(text, out time));

    private static readonly Option<double> EtaError = Create(
        "--eta-error", "The largest error of etas, as a share of the true time.", Defaults.EtaError, "a number from 0 to 1",
        static (string text, out double error) => TryParseNumber(text, out error) && error <= 1);

    private static readonly Option<bool> NoEta = new("--no-eta")
    {
        Description = "Omit etas.",
    };

    private static readonly Option<decimal> Balance = Create(
        "--balance", "The initial balance, in US dollars.", Defaults.Balance, "an amount from 0",
        static (string text, out decimal balance) =>
            decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out balance));

    private static readonly Option<int> Seed = Create(
        "--seed", "The seed of service times, eta errors, random faults, and the seeds of requests without one.",
        Defaults.Seed, "a whole number",
        static (string text, out int seed) =>
            int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out seed));

    private static readonly Option<bool> Strict = new("--strict")
    {
        Description = "Refuse values that deviate from the contract, and a face image as base64 without base64 true.",
    };

    private static readonly Option<FaultRule[]> FaultRules = new("--fault")
    {
        Description = "A fault and the calls it hits, such as accepted-then-dropped@submit:nth=3; can be repeated. "
            + "After the kind of call (submit, fetch, download, upload, account, webhook, any) come conditions: "
            + "nth=3, first=2 (calls about the same subject), rate=0.1, seed=7, times=4, wait=0.5 (reported "
            + "seconds), and last prompt=text.",
        AllowMultipleArgumentsPerToken = false,
        DefaultValueFactory = static _ => [],
        CustomParser = ParseRules,
    };

    private static readonly Option<double?> FaultRate = Create<double?>(
        "--fault-rate", "The share of calls with a random transient fault.", null,
        "a number above 0 and at most 1", TryParseRate);

    private static readonly Option<bool> ListFaults = new("--list-faults")
    {
        Description = "List every fault and exit.",
    };

    private static readonly Option<bool> ExitWithStdin = new("--exit-with-stdin")
    {
        Description = "Stop when standard input closes.",
    };

    private delegate bool TryParse<T>(string text, out T value);

    /// <summary>Runs the program.</summary>
    /// <returns>The exit code: 0, 1 if the emulator could not start, or 2 for invalid options.</returns>
    internal static async Task<int> RunAsync(string[] arguments)
    {
        var command = new RootCommand("An offline emulator of the ModelsLab face generation API.")
        {
            Port, ApiKey, QueueLimit, GenerationTime, EtaError, NoEta, Balance, Seed, Strict, FaultRules, FaultRate, ListFaults, ExitWithStdin,
        };
        command.SetAction(static (result, cancellationToken) => result.GetValue(ListFaults)
            ? FaultTable.WriteAsync(Console.Out)
            : EmulatorProgram.RunAsync(CreateOptions(result), result.GetValue(ExitWithStdin), cancellationToken));

        ParseResult parsed = command.Parse(arguments);
        if (parsed.Errors.Count == 0)
        {
            // Ctrl+C and a hangup reach every process of the terminal. With --exit-with-stdin the emulator ignores them and
            // lives until its parent, which may still wait for responses, closes stdin.
            bool exitWithStdin = parsed.GetValue(ExitWithStdin);
            using PosixSignalRegistration? interrupt = exitWithStdin ? Ignore(PosixSignal.SIGINT) : null;
            using PosixSignalRegistration? hangup = exitWithStdin ? Ignore(PosixSignal.SIGHUP) : null;
            var configuration = new InvocationConfiguration();
            if (exitWithStdin)
                configuration.ProcessTerminationTimeout = null;
            return await parsed.InvokeAsync(configuration).ConfigureAwait(false);
        }

        string problems = string.Join(" ", parsed.Errors.Select(static error => error.Message));
        await Console.Error.WriteLineAsync($"{problems} Run with --help to see the options.").ConfigureAwait(false);
        return UsageError;
    }

    private static PosixSignalRegistration Ignore(PosixSignal signal) =>
        PosixSignalRegistration.Create(signal, static received => received.Cancel = true);

    private static EmulatorOptions CreateOptions(ParseResult result) => new()
    {
        Port = result.GetValue(Port),
        ApiKey = result.GetValue(ApiKey)!,
        QueueLimit = result.GetValue(QueueLimit),
        ServiceTime = result.GetValue(GenerationTime)!,
        EtaError = result.GetValue(EtaError),
        OmitEta = result.GetValue(NoEta),
        Balance = result.GetValue(Balance),
        Seed = result.GetValue(Seed),
        Strict = result.GetValue(Strict),
        Faults = [.. result.GetValue(FaultRules)!, .. RulesByRate(result.GetValue(FaultRate))],
        OnWarning = static warning => Console.Error.WriteLine($"warning: {warning}"),
    };

    private static IEnumerable<FaultRule> RulesByRate(double? rate) =>
        rate is null ? [] : [FaultRule.AnyTransient(FaultOn.Any.AtRate(rate.Value))];

    private static FaultRule[] ParseRules(ArgumentResult result)
    {
        List<FaultRule> rules = [];
        foreach (Token token in result.Tokens)
        {
            if (FaultRule.TryParse(token.Value, out FaultRule? rule, out string error))
                rules.Add(rule);
            else
                result.AddError($"The option --fault: {error}");
        }

        return [.. rules];
    }

    /// <summary>Creates an option that validates its value.</summary>
    /// <param name="name">The option as typed.</param>
    /// <param name="description">The help text.</param>
    /// <param name="defaultValue">The value if the option is absent.</param>
    /// <param name="expected">The accepted values, for the error message.</param>
    /// <param name="tryParse">Parses and validates a value.</param>
    private static Option<T> Create<T>(
        string name, string description, T defaultValue, string expected, TryParse<T> tryParse) => new(name)
        {
            Description = description,
            DefaultValueFactory = _ => defaultValue,
            CustomParser = result =>
            {
                string text = result.Tokens.Single().Value;
                if (!tryParse(text, out T value))
                    result.AddError($"The option {name} must be {expected}, not '{text}'.");
                return value;
            },
        };

    private static bool TryParseRate(string text, out double? rate)
    {
        bool isNumber = TryParseNumber(text, out double number);
        rate = number;
        return isNumber && number is > 0 and <= 1;
    }

    private static bool TryParseNumber(string text, out double number) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out number);

    private static bool TryParseInteger(string text, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
