using System.Text.Json;
using FaceGen.Batches.Running;
using FaceGen.BatchModel;
using FaceGen.Core.Tests.Support;
using FaceGen.Generating;
using FaceGen.Tests.Shared;

namespace FaceGen.Batches.Tests.Running;

/// <summary>How the face images of rows go to the service.</summary>
public sealed class BatchFaceUploadsTests : IDisposable
{
    private const string Link = "https://files.example/face.png";
    private const int MinBytes = 32 * 1024;

    private readonly BatchFixture _fixture = new();
    private readonly string _path;

    public BatchFaceUploadsTests() => _path = _fixture.Folder.Write("face.png", ImageOf(MinBytes));

    private IReadOnlyList<Call> Uploaded => Uploads(_fixture);

    private IEnumerable<string> Sent => Submissions(_fixture).Select(call => Field(call, "face_image"));

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task Each_face_is_uploaded_once()
    {
        FaceImage alone = FaceImage.FromBytes(TestImages.Portrait), bytes = FaceImage.FromBytes(ImageOf(MinBytes + 2));
        Request[] requests = [.. Rows(6), BatchFixture.Request("alone") with { FaceImage = alone }, .. BatchFixture.Requests(2).Select(request => request with { FaceImage = bytes })];

        BatchSummary summary = await _fixture.RunAsync(requests);

        Assert.Equal((BatchState.Complete, 9, 9), (summary.StateValue, summary.Saved, summary.Submitted));
        Assert.Equal(3, Uploaded.Count);
        Assert.Equal(Enumerable.Repeat(Link, 9), Sent);
        Assert.All(await _fixture.RowsAsync(), row => Assert.Equal(1, row.Attempts));
    }

    /// <summary>More rows than are read ahead at a time.</summary>
    [Fact]
    public async Task Distinct_faces_are_each_uploaded_before_their_row_is_claimed()
    {
        int most = 0;
        _fixture.OnUpload = number => ScriptedResponse.ByBody(_ => ScriptedResponse.Uploaded($"{Link}?{number}"));
        _fixture.OnOpen = ledger => ledger.BeforeClaim = () =>
        {
            most = Math.Max(most, _fixture.Account.Slots.InUse);
            return Task.CompletedTask;
        };

        BatchSummary summary = await _fixture.RunAsync(Distinct(200));

        Assert.Equal((BatchState.Complete, 200), (summary.StateValue, summary.Saved));
        Assert.Equal(200, Uploaded.Count);
        Assert.Equal(200, Sent.Distinct().Count());
        Assert.All(Sent, sent => Assert.StartsWith(Link, sent, StringComparison.Ordinal));
        Assert.All(await _fixture.RowsAsync(), row => Assert.Equal(1, row.Attempts));
        Assert.InRange(most, 1, 5);
    }

    [Fact]
    public async Task Faces_beyond_the_image_limit_are_not_uploaded()
    {
        BatchSummary summary = await _fixture.RunAsync(Distinct(100), _fixture.Options with { MaxImages = 3 });

        Assert.Equal((3, 97), (summary.Saved, summary.Pending));
        Assert.Equal(3, Uploaded.Count);
    }

    /// <summary>The figure of docs/performance.md: 60 rows, five slots, 3 seconds each. Only the first upload is waited for.</summary>
    [Theory]
    [InlineData(1.5)]
    [InlineData(3)]
    public async Task Uploads_of_distinct_faces_hide_behind_the_slots(double uploadSeconds)
    {
        const int Rows = 60, Slots = 5, ServiceSeconds = 3;
        ScriptedResponse Later(double seconds, ScriptedResponse response) =>
            ScriptedResponse.After(Task.Delay(TimeSpan.FromSeconds(seconds), _fixture.Clock).ContinueWith(_ => response, TaskScheduler.Default));

        _fixture.OnUpload = number => Later(uploadSeconds, ScriptedResponse.Uploaded($"{Link}?{number}"));
        _fixture.OnSubmit = number => Later(ServiceSeconds, BatchFixture.Finished(number));
        await using Batch batch = await _fixture.OpenAsync(Distinct(Rows));
        Task<BatchSummary> run = batch.RunAsync(_fixture.Options, default);

        for (int step = 0; _fixture.Submissions < Rows; step++)
        {
            if (step > 0) await _fixture.Clock.AdvanceAsync(TimeSpan.FromSeconds(uploadSeconds));
            int uploads = Math.Min(Rows, FaceUploads.MaxConcurrency * (step + 1));
            int sent = step == 0 ? 0 : Math.Min(Rows, Slots * (1 + (int)((step - 1) * uploadSeconds / ServiceSeconds)));
            while (Uploaded.Count < uploads || _fixture.Submissions < sent) await _fixture.ArrivalAsync();
            Assert.Equal((uploads, sent), (Uploaded.Count, _fixture.Submissions));
        }

        await _fixture.Clock.AdvanceAsync(TimeSpan.FromSeconds(ServiceSeconds));
        // The clock stands while the last images are saved.
        BatchSummary summary = await run.WithTimeoutAsync();

        Assert.Equal((BatchState.Complete, Rows, TimeSpan.FromSeconds((Rows / Slots * ServiceSeconds) + uploadSeconds)), (summary.StateValue, summary.Saved, summary.Duration));
    }

    public static MatrixTheoryData<bool, bool, string> Services => new([true, false], [true, false], ["links", "no upload", "no link", "-NoUpload"]);

    /// <summary>A strict service refuses an inline image without base64; both may refuse uploads or uploaded links.</summary>
    [Theory]
    [MemberData(nameof(Services))]
    public async Task Strict_and_lenient_services_complete_a_run(bool isStrict, bool isOneFace, string ways)
    {
        if (ways == "no upload") _fixture.OnUpload = _ => ScriptedResponse.Error("Uploads are not allowed.", 403);
        _fixture.OnSubmit = id => ScriptedResponse.ByBody(body =>
        {
            using JsonDocument sent = JsonDocument.Parse(body);
            bool isInline = sent.RootElement.GetProperty("face_image").GetString()!.StartsWith("data:", StringComparison.Ordinal);
            bool isBase64 = sent.RootElement.TryGetProperty("base64", out JsonElement base64) && base64.GetBoolean();
            return isStrict && isInline && !isBase64 ? ScriptedResponse.Error("base64 must be true when face_image is base64.", 400)
                : ways == "no link" && !isInline ? ScriptedResponse.Error("The face image could not be downloaded.", 400)
                : isBase64 ? ScriptedResponse.Success($"{id}", Convert.ToBase64String(BatchFixture.CreateImage($"{id}")))
                : BatchFixture.Finished(id);
        });
        Request[] requests = isOneFace ? Rows(12) : Distinct(12);
        BatchOptions options = _fixture.Options with { UploadFaces = ways != "-NoUpload" };

        BatchSummary summary = await _fixture.RunAsync(requests, options);

        Assert.Equal((BatchState.Complete, 12, 12), (summary.StateValue, summary.Saved, summary.ImagesPaid));
        Assert.Equal(12, _fixture.EndedItems.Count);
        Assert.All(_fixture.EndedItems, ended =>
        {
            SavedImage file = Assert.Single(ended.Item.Files);
            Assert.EndsWith(".png", file.FullName, StringComparison.Ordinal);
            Assert.Equal(BatchFixture.CreateImage(ended.Item.Generation!.Id), File.ReadAllBytes(file.FullName));
        });
        // What FaceGen adds is not part of the request: it is not kept, and the same input is not sent again in another way.
        Assert.All(await _fixture.RowsAsync(), row => Assert.DoesNotContain("base64", row.Request, StringComparison.Ordinal));
        int before = _fixture.Calls.Count;
        BatchSummary again = await _fixture.RunAsync(requests);
        Assert.Equal((0, 12, before), (again.Submitted, again.Saved, _fixture.Calls.Count));
    }

    /// <summary>The upload ahead of the rows failed, so that claimed rows upload again. They are not uncertain if the process is killed meanwhile.</summary>
    [Fact]
    public async Task Claimed_row_that_waits_for_an_upload_is_pending_in_the_ledger()
    {
        var response = new TaskCompletionSource<ScriptedResponse>();
        _fixture.OnUpload = number => number == 0 ? ScriptedResponse.NotConnected : ScriptedResponse.After(response.Task);
        await using Batch batch = await _fixture.OpenAsync(Rows(3));
        Task<BatchSummary> run = batch.RunAsync(_fixture.Options, default);

        await Wait.UntilAsync(async () => (await _fixture.RowsAsync()).Count(row => row is { Status: BatchItemStatus.Pending, Fence: not 0, Attempts: 0 }) == 3);

        response.SetResult(ScriptedResponse.Uploaded(Link));
        BatchSummary summary = await _fixture.Clock.RunAsync(run).WithTimeoutAsync();
        Assert.Equal((BatchState.Complete, 3), (summary.StateValue, summary.ImagesPaid));
        Assert.Equal([Link, Link, Link], Sent);
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
        Assert.Equal((BatchState.Complete, 3), (summary.StateValue, summary.ImagesPaid));
        Assert.Equal([Link, Link, Link], Sent);
    }

    /// <summary>
    /// Five slots, two rows for each of six faces, of which five are uploaded at a time in 2 seconds, and submissions of 3
    /// seconds: at every moment all is out that can be.
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Faces_are_uploaded_ahead_and_rows_wait_only_for_their_own(bool isPostgres)
    {
        if (isPostgres && PostgresServer.SkipReason is { } reason) Assert.Skip(reason);
        using var fixture = new BatchFixture { LedgerPath = isPostgres ? PostgresServer.Instance.GetConnectionString($"Faces {Guid.NewGuid():N}") : _fixture.Folder.PathOf("ahead.db") };
        ScriptedResponse Later(int seconds, ScriptedResponse response)
        {
            Task<ScriptedResponse> due = Task.Delay(TimeSpan.FromSeconds(seconds), fixture.Clock).ContinueWith(_ => response, TaskScheduler.Default);
            return ScriptedResponse.After(due);
        }

        fixture.OnUpload = number => Later(2, ScriptedResponse.Uploaded($"{Link}?{number}"));
        fixture.OnSubmit = number => Later(3, BatchFixture.Finished(number));
        FaceImage[] faces = [.. Enumerable.Range(0, 6).Select(number => FaceImage.FromBytes(ImageOf(MinBytes + number)))];
        Request[] rows = [.. Enumerable.Range(0, 12).Select(row => BatchFixture.Request($"shared {row}", row) with { FaceImage = faces[row / 2] })];
        await using Batch batch = await fixture.OpenAsync([.. rows[..6], BatchFixture.Request("linked"), .. rows[6..]]);
        DateTimeOffset start = fixture.Clock.GetUtcNow();
        Task<BatchSummary> run = batch.RunAsync(fixture.Options, default);

        foreach ((int at, int uploads, int sent) in new[] { (0, 5, 1), (2, 6, 5), (3, 6, 6), (4, 6, 6), (5, 6, 10), (6, 6, 11), (8, 6, 13) })
        {
            await fixture.Clock.AdvanceAsync(start + TimeSpan.FromSeconds(at) - fixture.Clock.GetUtcNow());
            while (Uploads(fixture).Count < uploads || Submissions(fixture).Count < sent) await fixture.ArrivalAsync().WithTimeoutAsync();
            Assert.Equal((uploads, sent), (Uploads(fixture).Count, Submissions(fixture).Count));
        }

        await fixture.Clock.AdvanceAsync(TimeSpan.FromSeconds(3));
        BatchSummary summary = await run.WithTimeoutAsync();

        Assert.Equal((BatchState.Complete, 13, TimeSpan.FromSeconds(11)), (summary.StateValue, summary.Saved, summary.Duration));
        Assert.All(await fixture.RowsAsync(), row => Assert.Equal(1, row.Attempts));
        Assert.Equal(faces[..5].Select(face => face.ToApiValue()).Order(StringComparer.Ordinal),
            Uploads(fixture).Take(5).Select(upload => Field(upload, "base64_string")).Order(StringComparer.Ordinal));
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
        Assert.Equal(BatchState.Complete, (await _fixture.RunAsync(Rows(3))).StateValue);
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
        await File.WriteAllBytesAsync(_path, ImageOf(MinBytes + 1));

        BatchSummary summary = await _fixture.Clock.RunAsync(batch.RunAsync(_fixture.Options with { UploadFaces = upload }, default)).WithTimeoutAsync();

        Assert.Equal((2, 0), (summary.Failed, summary.ImagesPaid));
        Assert.All(_fixture.EndedItems, ended => Assert.EndsWith("was read. Nothing was sent. Run the command again.", ended.Error!.Message, StringComparison.Ordinal));
        Assert.All(_fixture.Calls, call => Assert.EndsWith("/wallet_balance", call.Address.AbsolutePath, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Upload_refused_sends_image_with_each_row()
    {
        _fixture.OnUpload = _ => ScriptedResponse.Error("Uploads are not allowed.", 403);

        BatchSummary summary = await _fixture.RunAsync(Rows(4));

        Assert.Equal((BatchState.Complete, 4), (summary.StateValue, summary.Saved));
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

        Assert.Equal((BatchState.Complete, 2, 2, 2), (summary.StateValue, summary.Saved, summary.Submitted, summary.ImagesPaid));
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

    private static Request[] Distinct(int count) => [.. BatchFixture.Requests(count)
        .Select((request, index) => request with { FaceImage = FaceImage.FromBytes([.. TestImages.Portrait, .. BitConverter.GetBytes(index)]) })];

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
