using System.Globalization;
using System.Text;
using FaceGen.Contract;
using FaceGen.Http;
using FaceGen.ImageFormats;

namespace FaceGen.LiveCheck;

/// <summary>Specifies the result of a run; the worst one is the exit code.</summary>
internal enum ExitCode
{
    /// <summary>Every assumption that was observed agrees with the contract.</summary>
    Agrees = 0,

    /// <summary>There are known deviations only, which FaceGen handles.</summary>
    KnownDeviations = 1,

    /// <summary>The service does something that FaceGen does not expect.</summary>
    Differs = 2,

    /// <summary>The run was stopped, or an image that was paid for is not saved.</summary>
    Incomplete = 3,

    /// <summary>Nothing was sent.</summary>
    NotRun = 4,
}

/// <summary>The surroundings of the program, which tests replace.</summary>
internal sealed record ProgramEnvironment
{
    internal Func<string, string?> GetVariable { get; init; } = Environment.GetEnvironmentVariable;

    internal TextReader Input { get; init; } = Console.In;

    internal TextWriter Output { get; init; } = Console.Out;

    internal bool IsInteractive { get; init; } = !Console.IsInputRedirected;

    internal Func<TimeSpan, CancellationToken, Task> DelayAsync { get; init; } = Task.Delay;

    /// <summary>Gets how long a response may take.</summary>
    internal TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(100);

    /// <summary>Wraps the handler that sends requests.</summary>
    internal Func<HttpMessageHandler, HttpMessageHandler> WrapHandler { get; init; } = handler => handler;
}

/// <summary>Runs the check from the command line.</summary>
internal static class LiveCheckProgram
{
    private const string AddressVariable = "MODELSLAB_BASE_URL";

    private const string Usage = """
        Compares the service with what FaceGen assumes about it, and writes a report that can be shared.

        --yes             do not ask before images are paid for
        --max-images N    pay for at most N images; 0 sends only what costs nothing
        --face FILE       the face image, PNG, JPEG or WebP (default: the painted face of the examples)
        --output FOLDER   the folder for the report and the images (default: live-check)

        The key is read from MODELSLAB_API_KEY, another address from MODELSLAB_BASE_URL.
        Exit codes: 0 agrees, 1 known deviations, 2 differs, 3 incomplete, 4 nothing was sent.
        """;

    internal static async Task<int> RunAsync(string[] arguments, ProgramEnvironment environment, CancellationToken cancellationToken)
    {
        try
        {
            return (int)await CheckAsync(Options.Parse(arguments), environment, cancellationToken);
        }
        catch (Exception e) when (e is FaceGenException or IOException or UnauthorizedAccessException)
        {
            await environment.Output.WriteLineAsync(e.Message);
            return (int)ExitCode.NotRun;
        }
    }

    private static async Task<ExitCode> CheckAsync(Options options, ProgramEnvironment environment, CancellationToken cancellationToken)
    {
        TextWriter output = environment.Output;
        if (options.IsHelp)
        {
            await output.WriteLineAsync(Usage);
            return ExitCode.Agrees;
        }

        ApiKey key = environment.GetVariable(ApiKey.EnvironmentVariable) is { Length: > 0 } text
            ? ApiKeyParser.Parse(text, $"The key in the environment variable {ApiKey.EnvironmentVariable}")
            : throw new FaceGenException(ErrorCode.NotConnected, $"The environment variable {ApiKey.EnvironmentVariable} is not set. Nothing was sent. Set it to the account's key.");
        string? baseUrl = environment.GetVariable(AddressVariable);
        if (!Uri.TryCreate(string.IsNullOrWhiteSpace(baseUrl) ? ServiceAddress.Default.AbsoluteUri : baseUrl.Trim(), UriKind.Absolute, out Uri? uri))
            throw new FaceGenException(ErrorCode.ConnectionInvalid, $"{AddressVariable} is not an address. Nothing was sent. Set it to an address such as {ServiceAddress.Default}.");

        ServiceAddress address = ServiceAddress.Parse(uri);
        CompleteImage face = CompleteImage.Read(ImageFile.Read(options.Face)) is { Bytes.Length: <= Limits.MaxFaceImageBytes, Info.Format: ImageFormat.Png or ImageFormat.Jpeg or ImageFormat.WebP } image
            ? image
            : throw new FaceGenException(ErrorCode.FaceImageInvalid, $"'{options.Face}' is not a complete PNG, JPEG or WebP image of at most 5 MB. Nothing was sent. Choose another file with --face.");

        if (!await ConfirmAsync(options, environment, address)) return ExitCode.NotRun;

        var folder = new RunFolder(options.Output);
        try
        {
            return await RunConfirmedAsync(options, environment, address, key, face, folder, cancellationToken);
        }
        catch (Exception e) when (e is FaceGenException or IOException or UnauthorizedAccessException)
        {
            await output.WriteLineAsync($"The run ended early: {e.Message} The ids above were accepted and can be charged. Save their images with Get-FaceGenImage.");
            return ExitCode.Incomplete;
        }
    }

    private static async Task<ExitCode> RunConfirmedAsync(
        Options options, ProgramEnvironment environment, ServiceAddress address, ApiKey key, CompleteImage face, RunFolder folder, CancellationToken cancellationToken)
    {
        using var client = new ServiceClient(address, key, environment.WrapHandler(HttpHandlers.Create(address.Root, proxy: null, skipCertificateCheck: false)), environment.Timeout);
        var run = new LiveRun(address, client, folder, face, options.MaxImages) { DelayAsync = environment.DelayAsync, Print = environment.Output.WriteLine };
        await run.RunAsync(cancellationToken);
        return await ReportAsync(run, new Observations(address, client.Exchanges, run.Images, face), folder, new Redaction(key), environment.Output);
    }

    /// <summary>Shows the price and asks; without a terminal, only <c>--yes</c> confirms.</summary>
    private static async Task<bool> ConfirmAsync(Options options, ProgramEnvironment environment, ServiceAddress address)
    {
        int images = options.MaxImages;
        await environment.Output.WriteLineAsync(
            $"The check sends about 40 requests to {address.Root.Host} and pays for at most {images} image(s). The rest costs nothing. It takes about five minutes.");
        if (options.IsConfirmed || images == 0) return true;

        if (environment.IsInteractive)
        {
            await environment.Output.WriteAsync($"Type yes to pay for at most {images} image(s): ");
            if (string.Equals((await environment.Input.ReadLineAsync())?.Trim(), "yes", StringComparison.OrdinalIgnoreCase)) return true;
        }

        await environment.Output.WriteLineAsync("Not confirmed. Nothing was sent. Confirm with yes or --yes, or use --max-images 0.");
        return false;
    }

    private static async Task<ExitCode> ReportAsync(LiveRun run, Observations observed, RunFolder folder, Redaction redaction, TextWriter output)
    {
        (Check Check, Finding Finding)[] findings = [.. Check.All.Select(check => (check, check.Run(observed)))];
        Accepted[] unsaved = [.. run.Accepted.Where(accepted => !accepted.IsSaved)];
        string[] facts =
        [
            $"{DateTime.UtcNow.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)} (UTC), {HttpHandlers.UserAgent}, {(observed.Address.Root == ServiceAddress.Default ? "the published address" : "another address")}",
            $"{run.Accepted.Count} submissions accepted, {run.Images.Count} images saved",
            .. run.IsCanceled ? ["The run was stopped before its end."] : Array.Empty<string>(),
            .. run.Uncertain.Select(step => $"The outcome of the submission '{step}' is unknown. It may have been charged, and was not sent again."),
            .. unsaved.Select(accepted => $"The images of the submission '{accepted.Step}' are not saved."),
        ];
        string path = folder.Write("report.md", Encoding.UTF8.GetBytes(Report.Create(findings, observed, redaction, facts)));

        await output.WriteLineAsync();
        foreach (string fact in facts.Skip(1)) await output.WriteLineAsync(fact);
        foreach ((Check check, Finding finding) in findings.Where(row => row.Finding.Verdict >= Verdict.KnownDeviation))
            await output.WriteLineAsync($"{(finding.Verdict == Verdict.Differs ? "differs" : "known")}  {check.Id}: {redaction.Redact(finding.Seen, Finding.MaxLength)}");
        foreach (Accepted accepted in unsaved.Where(accepted => accepted.Id is not null))
            await output.WriteLineAsync($"To save the images of '{accepted.Step}': Get-FaceGenImage {accepted.Id} | Wait-FaceGenImage | Save-FaceGenOutput ./out");
        await output.WriteLineAsync($"{findings.Count(row => row.Finding.Verdict == Verdict.Agrees)} agree, {Count(Verdict.KnownDeviation)} known deviations, {Count(Verdict.Differs)} differ, {Count(Verdict.NotObserved)} not observed.");
        await output.WriteLineAsync($"The report can be shared: {path}");
        return run.IsCanceled || run.Uncertain.Count > 0 || unsaved.Length > 0 ? ExitCode.Incomplete
            : Count(Verdict.Differs) > 0 ? ExitCode.Differs : Count(Verdict.KnownDeviation) > 0 ? ExitCode.KnownDeviations : ExitCode.Agrees;

        int Count(Verdict verdict) => findings.Count(row => row.Finding.Verdict == verdict);
    }

    /// <summary>The options of the command line.</summary>
    private sealed record Options
    {
        internal bool IsHelp { get; private init; }
        internal bool IsConfirmed { get; private init; }
        internal int MaxImages { get; private init; } = SentStep.MaxImages;
        internal string Face { get; private init; } = Path.Combine(AppContext.BaseDirectory, "face.jpg");
        internal string Output { get; private init; } = "live-check";

        /// <exception cref="FaceGenException">An option is unknown or has no valid value.</exception>
        internal static Options Parse(string[] arguments)
        {
            var options = new Options();
            for (int i = 0; i < arguments.Length; i++)
            {
                string? value = i + 1 < arguments.Length ? arguments[i + 1] : null;
                options = (arguments[i], value) switch
                {
                    ("--help", _) => options with { IsHelp = true },
                    ("--yes", _) => options with { IsConfirmed = true },
                    ("--max-images", not null) when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int images) && images <= SentStep.MaxImages => options with { MaxImages = images },
                    ("--face", { Length: > 0 }) => options with { Face = value },
                    ("--output", { Length: > 0 }) => options with { Output = value },
                    _ => throw new FaceGenException(ErrorCode.RequestInvalid, $"'{arguments[i]}' is not an option or has no valid value (--max-images: 0 to {SentStep.MaxImages}). Nothing was sent. Use --help."),
                };
                if (arguments[i] is "--max-images" or "--face" or "--output") i++;
            }

            return options;
        }
    }
}
