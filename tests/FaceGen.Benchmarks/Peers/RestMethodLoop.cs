using System.Diagnostics;
using System.Globalization;
using FaceGen.Benchmarks.Hosting;

namespace FaceGen.Benchmarks.Peers;

/// <summary>
/// What a script does that calls Invoke-RestMethod in a foreach: one request after the other, each submitted and then looked at
/// every second until it is there. It runs in pwsh where that is at hand; else a loop of HttpClient stands in, with a client
/// for every call, as Invoke-RestMethod makes one: everything that PowerShell adds is left out.
/// </summary>
internal static class RestMethodLoop
{
    internal static string Name => ExternalPrograms.PowerShell is null ? "a sequential loop standing in for Invoke-RestMethod" : "Invoke-RestMethod in a foreach";

    /// <summary>Has pictures made; gives how many it made in a second.</summary>
    internal static async Task<double> MeasureRateAsync(Uri service, IReadOnlyList<string> prompts, TimeSpan second) =>
        prompts.Count / (ExternalPrograms.PowerShell is { } pwsh
            ? await RunScriptAsync(pwsh, service, prompts, second)
            : await RunHttpClientLoopAsync(service, prompts, second)).TotalSeconds;

    private static async Task<TimeSpan> RunHttpClientLoopAsync(Uri service, IReadOnlyList<string> prompts, TimeSpan second)
    {
        long start = Stopwatch.GetTimestamp();
        foreach (string prompt in prompts)
        {
            if (await CallAsync(service, calls => calls.SubmitAsync(prompt)) is not { } id) continue;

            do await Task.Delay(second);
            while (!await CallAsync(service, calls => calls.FetchAsync(id)));
        }

        return Stopwatch.GetElapsedTime(start);
    }

    private static async Task<T> CallAsync<T>(Uri service, Func<ServiceCalls, Task<T>> call)
    {
        using var calls = new ServiceCalls(service);
        return await call(calls);
    }

    private static async Task<TimeSpan> RunScriptAsync(string pwsh, Uri service, IReadOnlyList<string> prompts, TimeSpan second)
    {
        // The first call is not timed: it loads what Invoke-RestMethod stands on.
        string script = string.Create(CultureInfo.InvariantCulture, $$"""
            $prompts = '{{string.Join("','", prompts)}}'
            function Send($path, $body) {
                Invoke-RestMethod -Method Post "{{service}}$path" -ContentType application/json -Body ($body | ConvertTo-Json)
            }
            $null = Send api/wallet_balance @{ key = 'emulator-key' }
            $watch = [Diagnostics.Stopwatch]::StartNew()
            foreach ($prompt in $prompts) {
                $answer = Send api/v6/image_editing/face_gen @{ key = 'emulator-key'; prompt = $prompt; face_image = '{{ServiceCalls.Face}}' }
                while ($answer.status -eq 'processing') {
                    if ($answer.id) { $id = $answer.id }
                    Start-Sleep -Milliseconds {{second.TotalMilliseconds}}
                    $answer = Send "api/v6/image_editing/fetch/$id" @{ key = 'emulator-key' }
                }
            }
            $watch.Elapsed.TotalMilliseconds.ToString([cultureinfo]::InvariantCulture)
            """);
        string output = await ChildProcess.RunAsync(pwsh, "-NoProfile", "-NonInteractive", "-Command", script);
        return TimeSpan.FromMilliseconds(double.Parse(output, CultureInfo.InvariantCulture));
    }
}
