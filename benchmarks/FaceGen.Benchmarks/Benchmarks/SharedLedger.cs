using System.Globalization;
using FaceGen.Benchmarks.Hosting;
using FaceGen.Benchmarks.Peers;
using FaceGen.Benchmarks.Running;
using FaceGen.Benchmarks.Workers;
using FaceGen.Tests.Shared;
using Npgsql;

namespace FaceGen.Benchmarks.Benchmarks;

/// <summary>
/// Measures batches whose ledger is on a PostgreSQL server of this machine, with 1, 2 and 4 worker processes: rows per second, and what
/// one worker asks of the server.
/// </summary>
internal sealed class SharedLedger : Benchmark
{
    private const double MinRows = 180, MaxStatements = 6;
    private const int MaxConnections = 8;

    /// <summary>The number of cores from which on four workers have one each, beside the server and the service.</summary>
    private const int CoresOfFourWorkers = 6;

    /// <summary>The name under which workers connect to the server.</summary>
    private const string Application = "FaceGen";

    /// <summary>How often the connections are counted.</summary>
    private static readonly TimeSpan CountInterval = TimeSpan.FromMilliseconds(50);

    internal override string Name => "workers";

    internal override string Summary => "rows per second of 1, 2 and 4 workers on one PostgreSQL ledger";

    internal override async Task<IReadOnlyList<Row>> RunAsync(BenchmarkRun run)
    {
        if (PostgresServer.SkipReason is { } reason)
        {
            run.AddNote($"workers: not measured. {reason}");
            return [];
        }

        (int rows, int slots, double seconds) = (run.Choose(4000, 40), run.Choose(200, 10), run.Choose(0.5, 0.05));
        string csv = Path.Combine(run.NewFolder(), "people.csv");
        File.WriteAllLines(csv, Prompts.Numbered(rows).Select(prompt => $"{prompt},{ServiceCalls.Face},16,16").Prepend("prompt,face_image,width,height"));
        // Unlike in tests, a commit waits for the disk.
        using PostgresServer server = StartServer("fsync = on", "full_page_writes = on", "log_line_prefix = '%a '");
        using EmulatorProcess emulator = EmulatorProcess.Start(slots, TableFormat.Invariant($"fixed:{seconds}"), run.Seed);
        Dictionary<int, double> rates = [];
        int connections = 0;
        foreach (int workers in run.Choose<int[]>([1, 2, 4], [1, 2]))
        {
            (double rate, int seen) = await RunWorkersAsync(workers);
            rates.Add(workers, rate);
            connections = Math.Max(connections, (seen + workers - 1) / workers);
        }

        // The server's log shows the statements, and slows it down.
        await QueryAsync(server, "ALTER ROLE facegen SET log_statement = 'all'");
        await RunWorkersAsync(1);
        double statements = (double)server.ReadLog().Count(line =>
            line.StartsWith($"{Application} LOG:  execute ", StringComparison.Ordinal) || line.StartsWith($"{Application} LOG:  statement: ", StringComparison.Ordinal)) / rows;
        run.AddNote(TableFormat.Invariant($"workers: {TableFormat.Count(rows)} rows, {slots} slots, {seconds} s of service time, from the first submission to the last saved image. The server, whose commits are on disk, and the emulator, which draws the images, run on the same cores."));
        string ideal = TableFormat.Invariant($"{slots / seconds:0} (ideal)");
        return
        [
            .. rates.Select(rate => new Row(
                TableFormat.Invariant($"rows per second of {rate.Key} worker{(rate.Key == 1 ? "" : "s")} on PostgreSQL"), TableFormat.Invariant($"{rate.Value:0}"), ideal,
                TableFormat.Ratio(rate.Value / rates[Math.Max(1, rate.Key / 2)]),
                rate.Key switch { 1 => TableFormat.Invariant($"≥ {MinRows}"), 2 => "> 1 worker", _ => "≥ 2 workers" },
                rate.Key switch { 1 => rate.Value >= MinRows, 2 => rate.Value > rates[1], _ when rate.Value >= rates[2] => true, _ => Environment.ProcessorCount < CoresOfFourWorkers ? null : false })),
            new Row("statements a row, 1 worker", TableFormat.Invariant($"{statements:0.0}"), TableFormat.None, TableFormat.None, $"≤ {MaxStatements}", statements <= MaxStatements),
            new Row("connections a worker", TableFormat.Count(connections), TableFormat.None, TableFormat.None, $"≤ {MaxConnections}", connections <= MaxConnections),
        ];

        async Task<(double Rate, int Connections)> RunWorkersAsync(int workers)
        {
            string schema = $"batch_{Guid.NewGuid():N}", output = run.NewFolder();
            string ledger = server.GetConnectionString(schema, $"Application Name={Application}");
            ChildProcess[] processes = [.. Enumerable.Range(0, workers).Select(_ => ChildProcess.StartWorker(
                Worker.RunLedger, emulator.BaseUri.AbsoluteUri, slots.ToString(CultureInfo.InvariantCulture), csv, output, ledger))];
            try
            {
                // All of them begin when the last one has its module.
                foreach (ChildProcess process in processes) await process.ReadLineAsync();
                Task working = Task.WhenAll(processes.Select(process => process.CompleteAsync()));
                long most = 0;
                do most = Math.Max(most, (await QueryAsync(server, $"SELECT count(*), 0.0 FROM pg_stat_activity WHERE application_name = '{Application}'")).Count);
                while (await Task.WhenAny(working, Task.Delay(CountInterval)) != working);
                await working;
                (long saved, double duration) = await QueryAsync(server, $"SELECT count(*), (max(ended_at) - min(submitted_at)) / 1000.0 FROM {schema}.items WHERE status = 'Saved'");
                BenchmarkException.ThrowIfDifferent(rows, saved, "saved rows");
                Directory.Delete(output, recursive: true);
                return (rows / duration, (int)most);
            }
            finally
            {
                foreach (ChildProcess process in processes) process.Dispose();
            }
        }
    }

    private static PostgresServer StartServer(params string[] settings)
    {
        try
        {
            return new PostgresServer(settings);
        }
        catch (InvalidOperationException e)
        {
            throw new BenchmarkException(e.Message);
        }
    }

    /// <summary>Executes a statement and returns the two numbers that it selects; zeros if it selects none.</summary>
    private static async Task<(long Count, double Number)> QueryAsync(PostgresServer server, string sql)
    {
        await using var connection = new NpgsqlConnection(server.GetConnectionString("public", "Application Name=Benchmark"));
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await using NpgsqlDataReader row = await command.ExecuteReaderAsync();
        return await row.ReadAsync() ? (row.GetInt64(0), (double)row.GetDecimal(1)) : default;
    }
}
