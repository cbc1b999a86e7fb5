using FaceGen.Benchmarks.Hosting;
using FaceGen.Benchmarks.Running;
using FaceGen.Benchmarks.Workers;

namespace FaceGen.Benchmarks.Benchmarks;

/// <summary>
/// Measures what Invoke-FaceGenBatch does with a million rows before it sends anything: the plan, a new ledger, and the same input
/// again. Each of them is a process of its own.
/// </summary>
internal sealed class LargeBatch : Benchmark
{
    private const double MaxPlan = 15, MaxImport = 30, MaxAgain = 40, MaxSystemTime = 20;
    private const double MaxMemory = 250e6;

    internal override string Name => "batch";

    internal override string Summary => "plan, import and repeated import of a CSV of a million rows by Invoke-FaceGenBatch";

    internal override async Task<IReadOnlyList<Row>> RunAsync(BenchmarkRun run)
    {
        int rows = run.Choose(1_000_000, 2_000);
        string csv = CsvReading.WriteCsv(run.NewFolder(), "million.csv", rows), small = CsvReading.WriteCsv(run.NewFolder(), "small.csv", 1000);
        using EmulatorProcess emulator = EmulatorProcess.Start(slots: 5, "fixed:1", run.Seed);
        List<BatchResult[]> rounds = [];
        for (int round = 0; round < run.Choose(3, 1); round++)
        {
            string output = run.NewFolder();
            List<BatchResult> results = [];
            foreach (string step in (string[])[LargeBatchRun.Plan, LargeBatchRun.Import, LargeBatchRun.Import])
            {
                BatchResult result = Worker.Read<BatchResult>(await ChildProcess.RunWorkerAsync(Worker.RunBatch, emulator.BaseUri.AbsoluteUri, step, csv, output, small, run.NewFolder()));
                BenchmarkException.ThrowIfDifferent(step == LargeBatchRun.Plan ? 0 : rows, result.Pending, "pending rows");
                results.Add(result);
            }

            Directory.Delete(output, recursive: true);
            rounds.Add([.. results]);
        }

        double system = rounds.Select(round => round.Sum(result => result.SystemTime)).Median();
        double memory = rounds.Max(round => round.Max(result => result.Resident));
        run.AddNote(TableFormat.Invariant($"batch: {TableFormat.Count(rows)} rows; medians of {rounds.Count}. Processor time of the plan, the new ledger and the same again: {Processor(0):0.0}, {Processor(1):0.0} and {Processor(2):0.0} s. Memory is the whole resident set of the process, the largest of all."));
        return
        [
            Time("plan of that many rows (-WhatIf)", 0, MaxPlan),
            Time("entering them into a new ledger", 1, MaxImport),
            Time("the same input again", 2, MaxAgain),
            new Row("system time of the three", Seconds(system), TableFormat.None, TableFormat.None, $"≤ {Seconds(MaxSystemTime)}", system <= MaxSystemTime),
            new Row("memory of the largest of the three", TableFormat.Megabytes(memory), TableFormat.None, TableFormat.None, $"≤ {TableFormat.Megabytes(MaxMemory)}", memory <= MaxMemory),
        ];

        Row Time(string metric, int step, double target)
        {
            double seconds = rounds.Select(round => round[step].Seconds).Median();
            return new Row(metric, Seconds(seconds), TableFormat.None, TableFormat.None, $"≤ {Seconds(target)}", seconds <= target);
        }

        double Processor(int step) => rounds.Select(round => round[step].SystemTime + round[step].UserTime).Median();
    }

    private static string Seconds(double seconds) => TableFormat.Invariant($"{seconds:0.0} s");
}
