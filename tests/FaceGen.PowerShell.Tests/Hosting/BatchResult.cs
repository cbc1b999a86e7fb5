using System.Diagnostics;
using System.Management.Automation;

namespace FaceGen.PowerShell.Tests.Hosting;

/// <summary>The output of a batch: its items, its summary and its streams.</summary>
internal sealed record BatchResult(ScriptResult Result)
{
    internal IReadOnlyList<PSObject> Items { get; } = [.. Result.Output.Where(item => item.BaseObject.GetType().Name == "BatchItem")];

    /// <summary>Gets the summary, from the information stream.</summary>
    internal PSObject Summary { get; } = Result.Information.Select(PSObject.AsPSObject).LastOrDefault(data => data.BaseObject.GetType().Name == "BatchSummary")
        ?? throw new InvalidOperationException(string.Join("\n", Result.Errors));

    internal string State => Summary.Properties["State"].Value.ToString()!;

    internal long this[string count] => Convert.ToInt64(Summary.Properties[count].Value, System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Gets the sorted prompts of the items.</summary>
    internal IReadOnlyList<string> Prompts => [.. Items.Select(item => (string)item.Properties["Prompt"].Value).Order(StringComparer.Ordinal)];

    internal IReadOnlyList<string> Statuses => [.. Items.Select(item => item.Properties["Status"].Value.ToString()!)];

    internal BatchResult WithoutErrors()
    {
        Result.WithoutErrors();
        return this;
    }
}

internal static class BatchFixtureExtensions
{
    /// <summary>Returns a CSV of small images.</summary>
    internal static string Csv(params IEnumerable<string> prompts) =>
        "prompt,face_image,width,height\n" + string.Concat(prompts.Select(prompt => $"{prompt},face.png,16,16\n"));

    /// <summary>Writes a CSV of small images.</summary>
    internal static string WriteCsv(this SessionFixture fixture, params IEnumerable<string> prompts) => fixture.Write("people.csv", Csv(prompts));

    /// <summary>Runs the batch of a CSV.</summary>
    internal static BatchResult RunBatch(this SessionFixture fixture, string csv, string parameters = "") =>
        new(fixture.Run($"param($csv, $out) Invoke-FaceGenBatch $csv -Destination $out {parameters}", csv, fixture.OutputFolder));

    /// <summary>
    /// Asserts that a stop did not wait for a timeout or the end of a long run. On a busy machine it may take more than a second.
    /// </summary>
    internal static void AssertStoppedPromptly(this TimeSpan elapsed) =>
        Assert.True(elapsed < TimeSpan.FromSeconds(4), $"Stopping took {elapsed.TotalSeconds:0.00} s.");

    internal static IEnumerable<string> Prompts(int from, int to) => Enumerable.Range(from, to - from + 1).Select(number => $"person {number:000}");

    /// <summary>Runs the batch, stops it after a number of rows, and returns how long the stop took.</summary>
    internal static async Task<TimeSpan> StopBatchAsync(this SessionFixture fixture, string csv, int rows, Action? before = null)
    {
        using System.Management.Automation.PowerShell job = fixture.Session.Create("param($csv, $out) Invoke-FaceGenBatch $csv -Destination $out", csv, fixture.OutputFolder);
        using var output = new PSDataCollection<PSObject>();
        var enough = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        output.DataAdded += (_, _) =>
        {
            if (output.Count >= rows) enough.TrySetResult();
        };

        IAsyncResult running = job.BeginInvoke<PSObject, PSObject>(null, output);
        Task ended = Task.Factory.FromAsync(running, _ => { });
        Assert.True(await Task.WhenAny(enough.Task, ended) == enough.Task, "The batch ended before it was stopped.");
        before?.Invoke();
        var stopping = Stopwatch.StartNew();
        job.Stop();
        TimeSpan elapsed = stopping.Elapsed;
        Assert.ThrowsAny<PipelineStoppedException>(() => job.EndInvoke(running));
        return elapsed;
    }
}
