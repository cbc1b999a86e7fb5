using System.Text;
using FaceGen.Contract;
using FaceGen.Core.Tests.Support;
using FaceGen.Http;
using FaceGen.Saving;

namespace FaceGen.Core.Tests.Http;

/// <summary>The tests of this collection run alone, so that they can measure allocations.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class RunAlone
{
    internal const string Name = "Alone";
}

/// <summary>Tests responses that are designed to use much memory and time.</summary>
[Collection(RunAlone.Name)]
public sealed class LargeResponseTests : IDisposable
{
    private readonly FakeService _service = new();

    public void Dispose() => _service.Dispose();

    [Fact]
    public async Task Response_large_allocates_small_multiple_of_size()
    {
        byte[] body = Encoding.ASCII.GetBytes($$"""{"status":"success","id":1,"output":["{{new string('A', 12 * 1024 * 1024)}}"]}""");
        _service.OnSubmit(ScriptedResponse.Bytes(body, "application/json"));
        const int Calls = 4;

        await MeasureAllocationsAsync(1);
        long allocated = await MeasureAllocationsAsync(Calls);

        Assert.InRange(allocated, 0, Calls * 12L * body.Length);
    }

    [Theory]
    [InlineData("[")]
    [InlineData("1,")]
    [InlineData("\"\",")]
    [InlineData("{\"a\":")]
    public void Response_many_values_allocates_less_than_size(string value)
    {
        byte[] body = Encoding.ASCII.GetBytes($$"""{"status":"success","id":1,"output":[{{string.Concat(Enumerable.Repeat(value, 12 * 1024 * 1024 / value.Length))}}0],"\u0074rack_id":"7"}""");

        long before = GC.GetAllocatedBytesForCurrentThread();
        ServiceResponse? response = ServiceResponse.TryParse(body);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        // A body that is not JSON is not read; of the others the id is, by which the images are fetched.
        if (!value.EndsWith(',')) Assert.Null(response);
        else Assert.Equal(("success", "1", "7", 0), (response!.Status, response.Id, response.TrackId, response.Output.Count));
        Assert.InRange(allocated, 0, body.Length);
    }

    [Theory]
    [InlineData(null, 2)]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    public async Task Images_beyond_requested_are_ignored(int? samples, int images)
    {
        string links = string.Join(",", Enumerable.Range(0, 100_000).Select(i => $"\"https://cdn.example/{i}.png\""));
        _service.OnSubmit(ScriptedResponse.Json($$"""{"status":"success","id":5,"output":[{{links}}],"proxy_links":[{{links}}]}"""));

        Generation generation = await _service.GenerateAsync(request: FakeService.Request() with { Samples = samples });

        Assert.Equal(images, generation.ImageCount);
        Assert.Equal("https://cdn.example/0.png", generation.Output[0].AbsoluteUri);
        Assert.All(generation.AlternateLinks, list => Assert.Equal(images, list.Count));
    }

    [Fact]
    public async Task Images_beyond_requested_warn_when_first_is_saved()
    {
        using var folder = new TemporaryFolder();
        _service.OnSubmit(ScriptedResponse.Json("""{"status":"success","id":5,"output":["https://cdn.example/1.png","https://cdn.example/2.png","https://cdn.example/3.png"]}"""))
            .OnLink("https://cdn.example/1.png", ScriptedResponse.Image(TestImages.Portrait));
        Generation generation = await _service.GenerateAsync(request: FakeService.Request() with { Samples = 1 });
        var saver = new ImageSaver(_service.Connection, new SaveOptions(folder.FullName, new FileNameTemplate("{id}")) { Timeout = TimeSpan.FromMinutes(1) }, _service);

        await saver.SaveAsync(generation, 0, default);

        Assert.Equal(
            "The service sent 3 or more images for generation 5. Only the first is saved, because no more were requested. -Samples requests up to 2.",
            Assert.Single(_service.WarningMessages));
    }

    [Fact]
    public void Response_many_meta_fields_are_truncated()
    {
        string fields = string.Join(",", Enumerable.Range(0, 100_000).Select(i => $"\"f{i}\":\"{i}\""));
        ServiceResponse response = ServiceResponse.TryParse(Encoding.ASCII.GetBytes($$$"""{"status":"error","message":{{{{fields}}}},"meta":{{{{fields}}}}}"""))!;

        Assert.Equal(256, response.Meta.Count);
        Assert.InRange(response.Message.Length, 1, 501);
    }

    [Fact]
    public async Task Response_announced_body_allocates_no_memory()
    {
        using var content = new ByteArrayContent([1, 2, 3]);
        content.Headers.ContentLength = 30 * 1024 * 1024;
        using var body = new MemoryStream();

        await Assert.ThrowsAsync<IOException>(() => content.AppendToAsync(body, 32 * 1024 * 1024, null, default));

        Assert.InRange(body.Capacity, 3, 4 * 1024 * 1024);
    }

    [Fact]
    public async Task Decode_large_bodies_two_at_a_time_and_canceled_by_token()
    {
        using var release = new ManualResetEventSlim();
        using var started = new SemaphoreSlim(0);
        using var cancellation = new CancellationTokenSource();
        int running = 0, most = 0;
        int Decode()
        {
            int now = Interlocked.Increment(ref running);
            InterlockedMax(ref most, now);
            started.Release();
            Assert.True(release.Wait(TimeSpan.FromMinutes(3)));
            Interlocked.Decrement(ref running);
            return 1;
        }

        Task<int>[] stopped = [.. Enumerable.Range(0, 3).Select(_ => LargeBodyDecoder.DecodeAsync(LargeBodyDecoder.MinLargeBytes, Decode, cancellation.Token))];
        Task<int>[] patient = [.. Enumerable.Range(0, 5).Select(_ => LargeBodyDecoder.DecodeAsync(LargeBodyDecoder.MinLargeBytes, Decode, default))];
        Assert.True(await started.WaitAsync(TimeSpan.FromMinutes(3)));
        Assert.True(await started.WaitAsync(TimeSpan.FromMinutes(3)));
        await cancellation.CancelAsync();

        // Decoding continues and holds the semaphore, but the canceled wait ends.
        foreach (Task<int> task in stopped) await Assert.ThrowsAnyAsync<OperationCanceledException>(() => task.WithTimeoutAsync());
        Assert.Equal(2, Volatile.Read(ref running));
        release.Set();
        Assert.Equal(5, (await Task.WhenAll(patient).WithTimeoutAsync()).Sum());
        Assert.Equal(LargeBodyDecoder.MaxConcurrency, most);
    }

    [Fact]
    public async Task Decode_small_body_runs_synchronously() =>
        Assert.Equal(Environment.CurrentManagedThreadId, await LargeBodyDecoder.DecodeAsync(LargeBodyDecoder.MinLargeBytes - 1, () => Environment.CurrentManagedThreadId, default));

    private async Task<long> MeasureAllocationsAsync(int calls)
    {
        long before = GC.GetTotalAllocatedBytes(precise: true);
        await Task.WhenAll(Enumerable.Range(0, calls).Select(async _ =>
        {
            ApiResult result = await _service.Connection.Api.PostAsync(_service.Connection.Address.Generate, null, default).WithTimeoutAsync();
            Assert.Equal("1", result.Response?.Id);
        }));
        return GC.GetTotalAllocatedBytes(precise: true) - before;
    }

    private static void InterlockedMax(ref int target, int value)
    {
        for (int seen = Volatile.Read(ref target); seen < value; seen = Volatile.Read(ref target)) Interlocked.CompareExchange(ref target, value, seen);
    }
}
