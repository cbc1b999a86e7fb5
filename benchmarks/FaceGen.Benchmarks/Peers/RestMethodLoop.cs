using System.Diagnostics;
using System.Globalization;
using FaceGen.Benchmarks.Hosting;

namespace FaceGen.Benchmarks.Peers;

/// <summary>
/// A script that calls Invoke-RestMethod in a foreach: one request after the other, each submitted and then polled
/// every second. It runs in pwsh; without pwsh an HttpClient loop with a new client per call, as Invoke-RestMethod
/// makes one, replaces it, without PowerShell's overhead.
/// </summary>
internal static class RestMethodLoop
{
    internal static string Name => ExternalPrograms.PowerShell is null ? "a sequential HttpClient loop in place of Invoke-RestMethod" : "Invoke-RestMethod in a foreach";

    /// <summary>Generates images and returns the number per second.</summary>
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
        // The first call is not timed: it loads the dependencies of Invoke-RestMethod.
        string script = string.Create(CultureInfo.InvariantCulture, $$"""
            $prompts = '{{string.Join("','", prompts)}}'
            function Send($path, $body) {
                Invoke-RestMethod -Method Post "{{service}}$path" -ContentType application/json -Body ($body | ConvertTo-Json)
            }
            $null = Send api/wallet_balance @{ key = 'emulator-key' }
            $watch = [Diagnostics.Stopwatch]::StartNew()
            foreach ($prompt in $prompts) {
                $response = Send api/v6/image_editing/face_gen @{ key = 'emulator-key'; prompt = $prompt; face_image = '{{ServiceCalls.Face}}' }
                while ($response.status -eq 'processing') {
                    if ($response.id) { $id = $response.id }
                    Start-Sleep -Milliseconds {{second.TotalMilliseconds}}
                    $response = Send "api/v6/image_editing/fetch/$id" @{ key = 'emulator-key' }
                }
            }
            $watch.Elapsed.TotalMilliseconds.ToString([cultureinfo]::InvariantCulture)
            """);
        string output = await ChildProcess.RunAsync(pwsh, "-NoProfile", "-NonInteractive", "-Command", script);
        return TimeSpan.FromMilliseconds(double.Parse(output, CultureInfo.InvariantCulture));
    }
}
