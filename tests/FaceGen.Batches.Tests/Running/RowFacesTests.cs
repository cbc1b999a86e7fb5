using System.Text.Json;
using FaceGen.Batches.Running;
using FaceGen.Batching;
using FaceGen.Contract;
using FaceGen.Core.Tests.Support;
using FaceGen.Generating;

namespace FaceGen.Batches.Tests.Running;

/// <summary>How the face images of rows go to the service.</summary>
public sealed class RowFacesTests : IDisposable
{
    private const string Link = "https://files.example/face.png";

    private readonly BatchBed _bed = new();
    private readonly string _path;

    public RowFacesTests() => _path = _bed.Folder.Write("face.png", ImageOf(FaceUploads.LeastBytes));

    private IReadOnlyList<Call> Uploads => Calls("/base64_to_url");

    private IEnumerable<string> Sent => Calls("/face_gen").Select(call => Field(call, "face_image"));

    public void Dispose() => _bed.Dispose();

    [Fact]
    public async Task A_face_of_several_rows_is_uploaded_once_and_one_of_a_single_row_is_not()
    {
        FaceImage alone = FaceImage.FromBytes(ImageOf(FaceUploads.LeastBytes + 1)), bytes = FaceImage.FromBytes(ImageOf(FaceUploads.LeastBytes + 2));
        Request[] requests = [.. Rows(6), BatchBed.Request("alone") with { FaceImage = alone }, .. BatchBed.Requests(2).Select(request => request with { FaceImage = bytes })];

        BatchSummary summary = await _bed.RunAsync(requests);

        Assert.Equal((BatchState.Complete, 9, 9), (summary.State, summary.Saved, summary.Submitted));
        Assert.Equal(2, Uploads.Count);
        Assert.Equal(8, Sent.Count(sent => sent == Link));
        Assert.Equal(alone.ToWireText(), Assert.Single(Sent, sent => sent != Link));
        Assert.All(await _bed.RowsAsync(), row => Assert.Equal(1, row.Attempts));
    }

    [Fact]
    public async Task While_a_face_is_uploaded_its_row_is_pending_and_no_place_is_taken()
    {
        var answer = new TaskCompletionSource<Answer>();
        _bed.OnUpload = _ => Answer.Held(answer.Task);
        await using Batch batch = await _bed.OpenAsync(Rows(3));
        Task<BatchSummary> run = batch.RunAsync(_bed.Options, default);
        await _bed.ArrivalAsync();

        Assert.Equal(Enumerable.Repeat(BatchItemStatus.Pending, 3), await _bed.StatusesAsync());
        Assert.Equal(0, _bed.Account.Slots.Taken);

        answer.SetResult(Answer.Uploaded(Link));
        BatchSummary summary = await _bed.Clock.RunAsync(run).GuardAsync();
        Assert.Equal((BatchState.Complete, 3), (summary.State, summary.ImagesPaid));
        Assert.Equal([Link, Link, Link], Sent);
    }

    [Fact]
    public async Task A_stop_while_a_face_is_uploaded_leaves_the_rows_pending()
    {
        var answer = new TaskCompletionSource<Answer>();
        _bed.OnUpload = _ => Answer.Held(answer.Task);
        using var stop = new CancellationTokenSource();
        await using (Batch batch = await _bed.OpenAsync(Rows(3)))
        {
            Task<BatchSummary> run = batch.RunAsync(_bed.Options, stop.Token);
            await _bed.ArrivalAsync();
            await stop.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.GuardAsync());
        }

        Assert.All(await _bed.RowsAsync(), row => Assert.Equal((BatchItemStatus.Pending, 0, 0), (row.Status, (int)row.Fence, row.Attempts)));
        answer.SetResult(Answer.Uploaded(Link));
        Assert.Equal(BatchState.Complete, (await _bed.RunAsync(Rows(3))).State);
        Assert.Single(Uploads);
    }

    [Fact]
    public async Task Where_the_upload_is_refused_each_row_brings_the_image()
    {
        _bed.OnUpload = _ => Answer.Error("Nobody may upload.", 403);

        BatchSummary summary = await _bed.RunAsync(Rows(4));

        Assert.Equal((BatchState.Complete, 4), (summary.State, summary.Saved));
        Assert.Single(Uploads);
        Assert.All(Sent, sent => Assert.StartsWith("data:", sent, StringComparison.Ordinal));
        Assert.Single(_bed.Told, line => line.Contains("it is sent with each request", StringComparison.Ordinal));
        Assert.Empty(_bed.Warned);
    }

    [Fact]
    public async Task A_link_that_is_not_taken_costs_no_row_and_no_attempt()
    {
        _bed.OnSubmit = id => id == 1 ? Answer.Error("The face image could not be downloaded.", 400) : BatchBed.Finished(id);

        BatchSummary summary = await _bed.RunAsync(Rows(2), _bed.Options with { ThrottleLimit = 1 });

        Assert.Equal((BatchState.Complete, 2, 2, 2), (summary.State, summary.Saved, summary.Submitted, summary.ImagesPaid));
        Assert.Equal(3, _bed.Submissions);
        Assert.Single(Sent, sent => sent == Link);
        Assert.All(await _bed.RowsAsync(), row => Assert.Equal((BatchItemStatus.Saved, 1), (row.Status, row.Attempts)));
    }

    [Fact]
    public async Task Nothing_is_uploaded_where_that_is_not_wanted_or_nothing_may_be_sent()
    {
        BatchSummary nothing = await _bed.RunAsync(Rows(2), _bed.Options with { MaxImages = 0 });
        BatchSummary all = await _bed.RunAsync(Rows(2), _bed.Options with { Upload = false });

        Assert.Equal((0, 2), (nothing.Submitted, all.Saved));
        Assert.Empty(Uploads);
        Assert.All(Sent, sent => Assert.StartsWith("data:", sent, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Small_faces_are_sent_with_their_rows()
    {
        _bed.Folder.Write("face.png", TestImages.Portrait);

        BatchSummary summary = await _bed.RunAsync(Rows(3));

        Assert.Equal((BatchState.Complete, 3), (summary.State, summary.ImagesPaid));
        Assert.Empty(Uploads);
    }

    [Fact]
    public async Task A_shared_face_that_has_gone_spoils_its_rows_only()
    {
        _bed.OnOpen = ledger => ledger.BeforeTake = () =>
        {
            File.Delete(_path);
            return Task.CompletedTask;
        };

        BatchSummary summary = await _bed.RunAsync([.. Rows(2), .. BatchBed.Requests(2)]);

        Assert.Equal((2, 2, 2), (summary.Saved, summary.Failed, summary.ImagesPaid));
        Assert.All(_bed.Ended.Where(ended => ended.Error is not null), ended => Assert.Equal(ErrorCode.FaceImageInvalid, ended.Error!.Code));
        Assert.Empty(Uploads);
    }

    private Request[] Rows(int count) => [.. Enumerable.Range(1, count)
        .Select(number => BatchBed.Request($"shared {number}", number) with { FaceImage = FaceImage.FromFile(_path) })];

    private IReadOnlyList<Call> Calls(string path) => [.. _bed.Calls.Where(call => call.Address.AbsolutePath.EndsWith(path, StringComparison.Ordinal))];

    private static byte[] ImageOf(int length) => [.. TestImages.Portrait, .. new byte[length - TestImages.Portrait.Length]];

    private static string Field(Call call, string name)
    {
        using JsonDocument body = JsonDocument.Parse(call.Body);
        return body.RootElement.GetProperty(name).GetString()!;
    }
}
