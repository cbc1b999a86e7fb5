using FaceGen.Batches.Ledgers;
using FaceGen.Batches.Running;
using FaceGen.Core.Tests.Support;

namespace FaceGen.Batches.Tests.Running;

/// <summary>Tests what a batch records of results that differ from the request: fewer images (Q41), and images that the service flags (Q37).</summary>
public sealed class GenerationResultTests : IDisposable
{
    private readonly BatchFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task Fewer_images_are_warned_of_and_not_counted_as_paid()
    {
        // Each of the first 8 rows returns one of two images; the last returns both.
        _fixture.OnSubmit = id => id <= 8 ? BatchFixture.Finished(id) : ScriptedResponse.Json(FormattableString.Invariant(
            $$"""{"status":"success","id":{{id}},"output":["{{BatchFixture.Link(id)}}","{{BatchFixture.Link(100 + id)}}"]}"""));

        BatchSummary summary = await _fixture.RunAsync([.. BatchFixture.Requests(9).Select(request => request with { Samples = 2 })]);

        Assert.Equal((BatchState.Complete, 9, 10, 10), (summary.StateValue, summary.Saved, summary.ImagesPaid, summary.TotalImagesPaid));
        Assert.Equal(10, _fixture.Files.Count);
        Assert.Equal(6, _fixture.Warnings.Count);
        Assert.All(_fixture.Warnings.Take(5), warning => Assert.Matches(@"^people\.csv:\d+: The service returned 1 of 2 images for generation \d+\. ", warning));
        Assert.StartsWith("The service returned fewer images than requested for 8 generations; 8 images are missing. ", _fixture.Warnings.Last(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fewer_images_do_not_raise_MaxImages()
    {
        BatchSummary summary = await _fixture.RunAsync(
            [.. BatchFixture.Requests(5).Select(request => request with { Samples = 2 })], _fixture.Options with { MaxImages = 4, ThrottleLimit = 1 });

        Assert.Equal((2, 2, 3), (_fixture.Submissions, summary.ImagesPaid, summary.Pending));
    }

    [Fact]
    public async Task Image_that_the_service_flags_is_filtered_even_if_a_later_run_saves_it()
    {
        string flagged = $$"""{"status":"success","id":1,"nsfw_content_detected":"true","output":["{{BatchFixture.Link(1)}}"]}""";
        _fixture.OnSubmit = id => id == 1 ? ScriptedResponse.Json(flagged) : BatchFixture.Finished(id);
        _fixture.OnLink = (id, before) => id == "1" && before < 100 ? ScriptedResponse.Json("{}", 500) : ScriptedResponse.Image(BatchFixture.CreateImage(id));
        BatchSummary first = await _fixture.RunAsync(BatchFixture.Requests(2));
        Assert.Equal((1, 1), (first.Saved, first.InProgress));

        _fixture.OnLink = (id, _) => ScriptedResponse.Image(BatchFixture.CreateImage(id));
        BatchSummary second = await _fixture.RunAsync(BatchFixture.Requests(2));

        Assert.Equal((BatchState.Complete, 1, 1), (second.StateValue, second.Saved, second.Filtered));
        LedgerRow row = Assert.Single(await _fixture.RowsAsync(), row => row.GenerationId == "1");
        Assert.True(Assert.Single(row.Files).Filtered);
        BatchItem item = _fixture.EndedItems.Last().Item;
        Assert.Equal((BatchItemStatus.Filtered, "true"), (item.StatusValue, item.Generation!.Meta["nsfw_content_detected"]));
    }

    [Fact]
    public async Task Row_that_waits_for_an_equal_one_is_pending_in_the_ledger()
    {
        // The service refuses the second of two equal rows, and a third must not be sent meanwhile.
        _fixture.OnSubmit = number => number == 2
            ? ScriptedResponse.Json("""{"status":"error","message":"Spam detected","tips":"Please wait for 30 seconds before you send the same request."}""")
            : BatchFixture.Finished(number);
        Request[] rows = [.. Enumerable.Range(1, 3).Select(row => BatchFixture.Request("same", row))];

        await using Batch batch = await _fixture.OpenAsync(rows);
        Task<BatchSummary> run = batch.RunAsync(_fixture.Options with { ThrottleLimit = 3 }, default);
        await _fixture.ArrivalAsync();
        await _fixture.ArrivalAsync();
        // The clock stands, so that the refused row waits, and the third one too unless it was sent before the refusal.
        await Wait.UntilAsync(async () =>
        {
            IReadOnlyList<LedgerRow> all = await _fixture.RowsAsync();
            return all.Any(row => row is { Status: BatchItemStatus.Pending, Fence: not 0, Attempts: 0 }) && all.All(row => row.Status != BatchItemStatus.Submitting);
        });

        BatchSummary summary = await _fixture.Clock.RunAsync(run).WithTimeoutAsync();
        Assert.Equal((BatchState.Complete, 3), (summary.StateValue, summary.Saved));
        Assert.All(await _fixture.RowsAsync(), row => Assert.Equal(1, row.Attempts));
    }

    [Fact]
    public async Task Row_that_waits_twice_for_equal_ones_counts_one_attempt()
    {
        _fixture.OnSubmit = number => number is 2 or 3
            ? ScriptedResponse.Json("""{"status":"error","message":"Spam detected","tips":"Please wait for 30 seconds before you send the same request."}""")
            : BatchFixture.Finished(number);
        Request[] rows = [.. Enumerable.Range(1, 5).Select(row => BatchFixture.Request("same", row))];

        BatchSummary summary = await _fixture.RunAsync(rows, _fixture.Options with { ThrottleLimit = 5 });

        Assert.Equal((BatchState.Complete, 5), (summary.StateValue, summary.Saved));
        Assert.All(await _fixture.RowsAsync(), row => Assert.Equal(1, row.Attempts));
    }
}
