using System.Text.Json;
using FaceGen.Batches.Running;
using FaceGen.Core.Tests.Support;
using FaceGen.Generating;
using FaceGen.Tests.Shared;

namespace FaceGen.Batches.Tests.Running;

/// <summary>How the face images of rows go to the service.</summary>
public sealed class SharedFaceUploadsTests : IDisposable
{
    private const string Link = "https://files.example/face.png";

    private readonly BatchFixture _fixture = new();
    private readonly string _path;

    public SharedFaceUploadsTests() => _path = _fixture.Folder.Write("face.png", ImageOf(FaceUploads.MinBytes));

    private IReadOnlyList<Call> Uploaded => Uploads(_fixture);

    private IEnumerable<string> Sent => Submissions(_fixture).Select(call => Field(call, "face_image"));

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task Shared_face_is_uploaded_once_and_single_face_is_not()
    {
        FaceImage alone = FaceImage.FromBytes(ImageOf(FaceUploads.MinBytes + 1)), bytes = FaceImage.FromBytes(ImageOf(FaceUploads.MinBytes + 2));
        Request[] requests = [.. Rows(6), BatchFixture.Request("alone") with { FaceImage = alone }, .. BatchFixture.Requests(2).Select(request => request with { FaceImage = bytes })];

        BatchSummary summary = await _fixture.RunAsync(requests);

        Assert.Equal((BatchState.Complete, 9, 9), (summary.State, summary.Saved, summary.Submitted));
        Assert.Equal(2, Uploaded.Count);
        Assert.Equal(8, Sent.Count(sent => sent == Link));
        Assert.Equal(alone.ToApiValue(), Assert.Single(Sent, sent => sent != Link));
        Assert.All(await _fixture.RowsAsync(), row => Assert.Equal(1, row.Attempts));
    }

    [Fact]
    public async Task Row_waiting_for_upload_is_pending_and_holds_no_slot()
    {
        var response = new TaskCompletionSource<ScriptedResponse>();
        _fixture.OnUpload = _ => ScriptedResponse.After(response.Task);
        await using Batch batch = await _fixture.OpenAsync(Rows(3));
        Task<BatchSummary> run = batch.RunAsync(_fixture.Options, default);
        await _fixture.ArrivalAsync();

        Assert.Equal(Enumerable.Repeat(BatchItemStatus.Pending, 3), await _fixture.StatusesAsync());
        // The attempt that found no row releases its slot.
        await Wait.UntilAsync(() => _fixture.Account.Slots.InUse == 0);
        Assert.Empty(_fixture.Ledger.Writes);

        response.SetResult(ScriptedResponse.Uploaded(Link));
        BatchSummary summary = await _fixture.Clock.RunAsync(run).WithTimeoutAsync();
        Assert.Equal((BatchState.Complete, 3), (summary.State, summary.ImagesPaid));
        Assert.Equal([Link, Link, Link], Sent);
    }

    /// <summary>
    /// Five slots, two rows for each of six faces, of which three are uploaded at a time in 2 seconds, and submissions of 3
    /// seconds: at every moment all is out that can be.
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Faces_are_uploaded_ahead_and_rows_wait_only_for_their_own(bool isPostgres)
    {
        if (isPostgres && PostgresServer.SkipReason is { } hindrance) Assert.Skip(hindrance);
        using var fixture = new BatchFixture { LedgerPath = isPostgres ? PostgresServer.Instance.GetConnectionString($"Faces {Guid.NewGuid():N}") : _fixture.Folder.PathOf("ahead.db") };
        ScriptedResponse Later(int seconds, ScriptedResponse response)
        {
            Task<ScriptedResponse> due = Task.Delay(TimeSpan.FromSeconds(seconds), fixture.Clock).ContinueWith(_ => response, TaskScheduler.Default);
            return ScriptedResponse.After(due);
        }

        fixture.OnUpload = number => Later(2, ScriptedResponse.Uploaded($"{Link}?{number}"));
        fixture.OnSubmit = number => Later(3, BatchFixture.Finished(number));
        FaceImage[] faces = [.. Enumerable.Range(0, 6).Select(number => FaceImage.FromBytes(ImageOf(FaceUploads.MinBytes + number)))];
        Request[] rows = [.. Enumerable.Range(0, 12).Select(row => BatchFixture.Request($"shared {row}", row) with { FaceImage = faces[row / 2] })];
        await using Batch batch = await fixture.OpenAsync([.. rows[..6], BatchFixture.Request("linked"), .. rows[6..]]);
        DateTimeOffset start = fixture.Clock.GetUtcNow();
        Task<BatchSummary> run = batch.RunAsync(fixture.Options, default);

        foreach ((int at, int uploads, int sent) in new[] { (0, 3, 1), (2, 6, 5), (3, 6, 6), (4, 6, 6), (5, 6, 10), (6, 6, 11), (8, 6, 13) })
        {
            await fixture.Clock.AdvanceAsync(start + TimeSpan.FromSeconds(at) - fixture.Clock.GetUtcNow());
            while (Uploads(fixture).Count < uploads || Submissions(fixture).Count < sent) await fixture.ArrivalAsync().WithTimeoutAsync();
            Assert.Equal((uploads, sent), (Uploads(fixture).Count, Submissions(fixture).Count));
        }

        await fixture.Clock.AdvanceAsync(TimeSpan.FromSeconds(3));
        BatchSummary summary = await run.WithTimeoutAsync();

        Assert.Equal((BatchState.Complete, 13, TimeSpan.FromSeconds(11)), (summary.State, summary.Saved, summary.Duration));
        Assert.All(await fixture.RowsAsync(), row => Assert.Equal(1, row.Attempts));
        Assert.Equal(faces[..3].Select(face => face.ToApiValue()).Order(StringComparer.Ordinal),
            Uploads(fixture).Take(3).Select(upload => Field(upload, "base64_string")).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Stop_during_upload_leaves_rows_pending()
    {
        var response = new TaskCompletionSource<ScriptedResponse>();
        _fixture.OnUpload = _ => ScriptedResponse.After(response.Task);
        using var stop = new CancellationTokenSource();
        await using (Batch batch = await _fixture.OpenAsync(Rows(3)))
        {
            Task<BatchSummary> run = batch.RunAsync(_fixture.Options, stop.Token);
            await _fixture.ArrivalAsync();
            await stop.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.WithTimeoutAsync());
        }

        Assert.All(await _fixture.RowsAsync(), row => Assert.Equal((BatchItemStatus.Pending, 0, 0), (row.Status, (int)row.Fence, row.Attempts)));
        Assert.Empty(_fixture.Ledger.Writes);
        response.SetResult(ScriptedResponse.Uploaded(Link));
        Assert.Equal(BatchState.Complete, (await _fixture.RunAsync(Rows(3))).State);
        Assert.Single(Uploaded);
    }

    [Fact]
    public async Task Run_at_its_limits_does_not_wait_for_uploads()
    {
        _fixture.OnUpload = _ => ScriptedResponse.NoResponse;

        await using Batch batch = await _fixture.OpenAsync([BatchFixture.Request("linked"), .. Rows(2)]);

        // The clock does not advance: a wait for an upload would never end.
        BatchSummary summary = await batch.RunAsync(_fixture.Options with { MaxImages = 1 }, default).WithTimeoutAsync();

        Assert.Equal((1, 2), (summary.Saved, summary.Pending));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Face_changed_since_input_was_read_is_not_uploaded_or_sent(bool upload)
    {
        await using Batch batch = await _fixture.OpenAsync(Rows(2));
        await File.WriteAllBytesAsync(_path, ImageOf(FaceUploads.MinBytes + 1));

        BatchSummary summary = await _fixture.Clock.RunAsync(batch.RunAsync(_fixture.Options with { UploadFaces = upload }, default)).WithTimeoutAsync();

        Assert.Equal((2, 0), (summary.Failed, summary.ImagesPaid));
        Assert.All(_fixture.EndedItems, ended => Assert.EndsWith("was read. Nothing was sent. Run the command again.", ended.Error!.Message, StringComparison.Ordinal));
        Assert.Empty(_fixture.Calls);
    }

    [Fact]
    public async Task Upload_refused_sends_image_with_each_row()
    {
        _fixture.OnUpload = _ => ScriptedResponse.Error("Uploads are not allowed.", 403);

        BatchSummary summary = await _fixture.RunAsync(Rows(4));

        Assert.Equal((BatchState.Complete, 4), (summary.State, summary.Saved));
        Assert.Single(Uploaded);
        Assert.All(Sent, sent => Assert.StartsWith("data:", sent, StringComparison.Ordinal));
        Assert.Single(_fixture.LogLines, line => line.Contains("It is sent inline with each request", StringComparison.Ordinal));
        Assert.Empty(_fixture.Warnings);
    }

    [Fact]
    public async Task Uploaded_link_refused_costs_no_row_and_no_attempt()
    {
        _fixture.OnSubmit = id => id == 1 ? ScriptedResponse.Error("The face image could not be downloaded.", 400) : BatchFixture.Finished(id);

        BatchSummary summary = await _fixture.RunAsync(Rows(2), _fixture.Options with { ThrottleLimit = 1 });

        Assert.Equal((BatchState.Complete, 2, 2, 2), (summary.State, summary.Saved, summary.Submitted, summary.ImagesPaid));
        Assert.Equal(3, _fixture.Submissions);
        Assert.Single(Sent, sent => sent == Link);
        Assert.All(await _fixture.RowsAsync(), row => Assert.Equal((BatchItemStatus.Saved, 1), (row.Status, row.Attempts)));
    }

    [Fact]
    public async Task Upload_disabled_or_nothing_to_send_uploads_nothing()
    {
        BatchSummary nothing = await _fixture.RunAsync(Rows(2), _fixture.Options with { MaxImages = 0 });
        BatchSummary all = await _fixture.RunAsync(Rows(2), _fixture.Options with { UploadFaces = false });

        Assert.Equal((0, 2), (nothing.Submitted, all.Saved));
        Assert.Empty(Uploaded);
        Assert.All(Sent, sent => Assert.StartsWith("data:", sent, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Small_shared_face_is_sent_with_its_rows()
    {
        _fixture.Folder.Write("face.png", TestImages.Portrait);

        BatchSummary summary = await _fixture.RunAsync(Rows(3));

        Assert.Equal((BatchState.Complete, 3), (summary.State, summary.ImagesPaid));
        Assert.Empty(Uploaded);
    }

    [Fact]
    public async Task Shared_face_missing_fails_only_its_rows()
    {
        _fixture.OnOpen = ledger => ledger.BeforeClaim = () =>
        {
            File.Delete(_path);
            return Task.CompletedTask;
        };

        BatchSummary summary = await _fixture.RunAsync([.. Rows(2), .. BatchFixture.Requests(2)]);

        Assert.Equal((2, 2, 2), (summary.Saved, summary.Failed, summary.ImagesPaid));
        Assert.All(_fixture.EndedItems.Where(ended => ended.Error is not null), ended => Assert.Equal(ErrorCode.FaceImageInvalid, ended.Error!.Code));
        Assert.Empty(Uploaded);
    }

    private Request[] Rows(int count) => [.. Enumerable.Range(1, count)
        .Select(number => BatchFixture.Request($"shared {number}", number) with { FaceImage = FaceImage.FromFile(_path) })];

    private static IReadOnlyList<Call> Uploads(BatchFixture fixture) => Calls(fixture, "/base64_to_url");

    private static IReadOnlyList<Call> Submissions(BatchFixture fixture) => Calls(fixture, "/face_gen");

    private static IReadOnlyList<Call> Calls(BatchFixture fixture, string path) => [.. fixture.Calls.Where(call => call.Address.AbsolutePath.EndsWith(path, StringComparison.Ordinal))];

    private static byte[] ImageOf(int length) => [.. TestImages.Portrait, .. new byte[length - TestImages.Portrait.Length]];

    private static string Field(Call call, string name)
    {
        using JsonDocument body = JsonDocument.Parse(call.Body);
        return body.RootElement.GetProperty(name).GetString()!;
    }
}
