using System.Diagnostics;
using System.Management.Automation;

namespace FaceGen.PowerShell.Tests.Hosting;

/// <summary>What a run of a batch gave: its rows, its summary, and what it said.</summary>
internal sealed record BatchRan(Ran Ran)
{
    internal IReadOnlyList<PSObject> Items { get; } = [.. Ran.Output.Where(item => item.BaseObject.GetType().Name == "BatchItem")];

    /// <summary>The summary, which comes last.</summary>
    internal PSObject Summary { get; } = Ran.Output.Count > 0 ? Ran.Output[^1] : throw new InvalidOperationException(string.Join("\n", Ran.Errors));

    internal string State => Summary.Properties["State"].Value.ToString()!;

    internal long this[string count] => Convert.ToInt64(Summary.Properties[count].Value, System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>The prompts of the rows that ended, sorted.</summary>
    internal IReadOnlyList<string> Prompts => [.. Items.Select(item => (string)item.Properties["Prompt"].Value).Order(StringComparer.Ordinal)];

    internal IReadOnlyList<string> Statuses => [.. Items.Select(item => item.Properties["Status"].Value.ToString()!)];

    internal BatchRan WithoutErrors()
    {
        Ran.WithoutErrors();
        return this;
    }
}

internal static class BatchRuns
{
    /// <summary>A CSV of small pictures.</summary>
    internal static string Csv(params IEnumerable<string> prompts) =>
        "prompt,face_image,width,height\n" + string.Concat(prompts.Select(prompt => $"{prompt},face.png,16,16\n"));

    /// <summary>Writes a CSV of small pictures.</summary>
    internal static string WriteCsv(this TestBed bed, params IEnumerable<string> prompts) => bed.Write("people.csv", Csv(prompts));

    /// <summary>Runs the batch of a CSV.</summary>
    internal static BatchRan RunBatch(this TestBed bed, string csv, string parameters = "") =>
        new(bed.Run($"param($csv, $out) Invoke-FaceGenBatch $csv -Destination $out {parameters}", csv, bed.Out));

    /// <summary>
    /// Asserts that a stop did not wait for a timeout or for the end of a long run. On a busy machine it takes more than a second.
    /// </summary>
    internal static void AssertIsStop(this TimeSpan took) =>
        Assert.True(took < TimeSpan.FromSeconds(4), $"Stopping took {took.TotalSeconds:0.00} s.");

    internal static IEnumerable<string> Prompts(int from, int to) => Enumerable.Range(from, to - from + 1).Select(number => $"person {number:000}");

    /// <summary>Runs the batch, stops it after so many rows, and tells how long that took.</summary>
    internal static async Task<TimeSpan> StopBatchAsync(this TestBed bed, string csv, int rows, Action? before = null)
    {
        using System.Management.Automation.PowerShell job = bed.Session.Create("param($csv, $out) Invoke-FaceGenBatch $csv -Destination $out", csv, bed.Out);
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
        TimeSpan took = stopping.Elapsed;
        Assert.ThrowsAny<PipelineStoppedException>(() => job.EndInvoke(running));
        return took;
    }
}
