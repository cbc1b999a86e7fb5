using System.Globalization;
using FaceGen.Batches.Ledgers;
using FaceGen.Simulation.Histories;
using FaceGen.Simulation.Scheduling;

namespace FaceGen.Simulation.Workers;

/// <summary>
/// The transactions of two workers of a ledger in PostgreSQL, statement by statement: whatever their order is, the result is that
/// of the calls one after the other, or one of them has found nothing to do.
/// </summary>
public sealed class StatementTests(ITestOutputHelper output) : SimulationTests
{
    private const string Address = "https://service.example/api/v6/", OtherAddress = "https://other.example/";

    /// <summary>The number of a worker that is not there any more.</summary>
    private const string Dead = "0";

    public static TheoryData<string> Pairs => [.. Cases.Keys];

    private static Dictionary<string, (string Rows, LedgerCall First, LedgerCall Second)> Cases { get; } = new()
    {
        ["one pending row"] = (Rows(Row("Pending")), ClaimPending(1), ClaimPending(1)),
        ["two pending rows and one slot"] = (Rows(Row("Pending"), Row("Pending")), ClaimPending(1), ClaimPending(1)),
        ["two pending rows and two slots"] = (Rows(Row("Pending"), Row("Pending")), ClaimPending(2), ClaimPending(2)),
        ["a pending row for two services"] = (Rows(Row("Pending")), ClaimPending(5), ClaimPending(5, OtherAddress)),
        ["an uncertain row to submit again"] = (Rows(Row("Uncertain", "NULL", attempts: 1)), ClaimPending(5, retryUncertain: true), ClaimPending(5, OtherAddress, retryUncertain: true)),
        ["a row in flight of a dead worker"] = (Rows(Row("Submitting", Dead, attempts: 1)), ClaimAbandoned, ClaimAbandoned),
        ["accepted rows of a dead worker"] = (Rows(Row("Submitted", Dead, attempts: 1, id: "'101'"), Row("Generated", Dead, attempts: 1, id: "'102'")), ClaimAbandoned, ClaimAbandoned),
        ["a slot of a dead worker"] = (Rows(Row("Submitting", Dead, attempts: 1), Row("Pending")), ClaimAbandoned, ClaimPending(1)),
        ["a row that is written and one that is claimed"] = (Rows(Row("Submitting", "{0}", attempts: 1, fence: 7), Row("Pending")), Write(BatchItemStatus.Saved, release: true, "101"), ClaimPending(1)),
        ["a row that is released"] = (Rows(Row("Submitting", "{0}", attempts: 1, fence: 7)), Write(BatchItemStatus.Pending, release: true), ClaimPending(1)),
        ["an uncertain row whose outcome one learns"] = (Rows(Row("Uncertain", "NULL", attempts: 1, fence: 7)), Write(BatchItemStatus.Submitted, release: false, "101"), ClaimPending(5, retryUncertain: true)),
        ["a late write and a row that is claimed"] = (Rows(Row("Submitted", "NULL", attempts: 1, fence: 7, id: "'101'")), Write(BatchItemStatus.Generated, release: false, "101"), ClaimAbandoned),
        ["an uncertain row whose outcome both learn"] = (Rows(Row("Uncertain", "NULL", attempts: 1, fence: 7)), Write(BatchItemStatus.Submitted, release: false, "101"), Write(BatchItemStatus.Saved, release: true, "101")),
    };

    private static LedgerCall ClaimAbandoned => new("claim abandoned rows", async ledger => Text(await ledger.ClaimAbandonedAsync(new Uri(Address), 64, default))) { NeverWaits = true };

    [Theory]
    [MemberData(nameof(Pairs))]
    public async Task Two_transactions_in_every_order_of_their_statements_end_as_one_after_the_other(string pair)
    {
        if (PostgresWorkers.UnavailableReason is { } reason) Assert.Skip(reason);

        (string rows, LedgerCall first, LedgerCall second) = Cases[pair];
        LedgerCall nothing = new("", _ => Task.FromResult(""));
        HashSet<string> allowed = [];
        foreach ((LedgerCall A, LedgerCall B, int Begins) order in ((LedgerCall, LedgerCall, int)[])[(first, second, 0), (first, second, 1), (first, nothing with { Name = second.Name }, 0), (nothing with { Name = first.Name }, second, 1)])
            allowed.Add(await Task.Run(new StatementHistory(rows, [order.A, order.B], Choices.Deviating(new Dictionary<int, int> { [0] = order.Begins })).RunAsync));

        int most = ReadSetting("FACEGEN_SIM_DEPTH", 1) > 1 ? int.MaxValue : 2, histories = 0;
        List<string> failures = [];
        await ExploreAsync([], from: 0);
        output.WriteLine($"{pair}: {histories} orders, {failures.Count} failed");
        output.WriteLine(string.Join("\n", failures.Take(2)));
        Assert.Empty(failures);

        async Task ExploreAsync(Dictionary<int, int> switches, int from)
        {
            var choices = Choices.Deviating(switches);
            var history = new StatementHistory(rows, [first, second], choices);
            histories++;
            string result;
            try
            {
                result = await Task.Run(history.RunAsync);
            }
            catch (HistoryException e)
            {
                result = e.Message;
            }

            if (!allowed.Contains(result)) failures.Add($"{result}\nis none of\n{string.Join("\n", allowed)}\n  {string.Join("\n  ", history.Lines)}");
            if (switches.Count == most) return;

            for (int number = from; number < choices.Made.Count; number++) await ExploreAsync(new Dictionary<int, int>(switches) { [number] = 1 }, number + 1);
        }
    }

    private static LedgerCall ClaimPending(int slots, string address = Address, bool retryUncertain = false) => new(
        "claim pending rows", async ledger => Text(await ledger.ClaimPendingAsync(new ClaimOptions(new Uri(address), slots) { RetryUncertain = retryUncertain }, default)));

    private static LedgerCall Write(BatchItemStatus status, bool release, string? id = null) => new($"write {status}", async ledger =>
        (await ledger.WriteAsync(new LedgerRow { Item = 1, Request = "{}", Images = 1, Status = status, Attempts = status == BatchItemStatus.Pending ? 0 : 1, Fence = 7, Address = Address, GenerationId = id }, release, default)).ToString());

    private static string Text(IEnumerable<LedgerRow> rows) => string.Join(", ", rows.OrderBy(row => row.Item).Select(row => $"{row.Item} {row.Status}"));

    private static string Rows(params string[] rows) =>
        $"INSERT INTO items (hash, occurrence, position, wanted, source_row, request, images, status, attempts, worker, fence, address, generation_id) VALUES {string.Join(", ", rows)}";

    private static string Row(string status, string worker = "NULL", int attempts = 0, int fence = 0, string id = "NULL") => string.Create(
        CultureInfo.InvariantCulture, $"(gen_random_uuid(), 1, 1, 1, 1, '{{{{}}}}', 1, '{status}', {attempts}, {worker}, {fence}, '{Address}', {id})");
}
