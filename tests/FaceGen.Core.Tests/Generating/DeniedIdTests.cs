using FaceGen.Core.Tests.Support;

namespace FaceGen.Core.Tests.Generating;

/// <summary>The service denies the id of a generation that it accepted (Q42).</summary>
public sealed class DeniedIdTests : IDisposable
{
    private const string OtherPath = "/api/v6/images/fetch/9";
    private const string First = "https://cdn.example/9-0.png", Second = "https://cdn.example/9-1.png";

    private readonly FakeService _service = new(queueLimit: 1);

    public DeniedIdTests() => _service.OnFetch(ScriptedResponse.Error("Request not found", 404));

    private Uri FetchResult => new(_service.Root, OtherPath);

    public void Dispose() => _service.Dispose();

    [Fact]
    public async Task Generation_is_fetched_at_fetch_result()
    {
        OnSubmit(FetchResult).OnPath(OtherPath, ScriptedResponse.Processing("9"), ScriptedResponse.Success("9", First));

        Generation generation = await _service.Clock.RunAsync(_service.GenerateAsync());

        Assert.Equal((GenerationStatus.Success, "9", First), (generation.StatusValue, generation.Id, Assert.Single(generation.Images)));
        Assert.All(_service.Fetches, call => Assert.Equal(_service.Fetches[0].Body, call.Body));
        Assert.Equal([OtherPath, OtherPath], _service.Fetches.Select(call => call.Address.AbsolutePath).Where(path => path.Contains("/images/", StringComparison.Ordinal)));
        Assert.Equal(0, _service.Account.Slots.InUse);
    }

    /// <summary>A denial that repeats the id is a denial, and not a generation that failed.</summary>
    [Theory]
    [InlineData("""{"status":"error","id":9,"message":"Request not found"}""")]
    [InlineData("""{"status":"error","request_id":"9","message":"Request not found"}""")]
    [InlineData("""{"status":"failed","id":9,"message":"Request 9 does not exist"}""")]
    public async Task Generation_denied_with_its_id_is_found_elsewhere(string denial)
    {
        foreach (Uri? fetchResult in (Uri?[])[FetchResult, null])
        {
            using var service = new FakeService(queueLimit: 1);
            service.OnSubmit(Submitted(fetchResult is null ? null : new Uri(service.Root, OtherPath), First)).OnFetch(ScriptedResponse.Json(denial))
                .OnPath(OtherPath, ScriptedResponse.Success("9", First)).OnLink(First, ScriptedResponse.Image(TestImages.Portrait));

            Generation generation = await service.Clock.RunAsync(service.GenerateAsync());

            Assert.Equal((GenerationStatus.Success, First), (generation.StatusValue, Assert.Single(generation.Images)));
        }
    }

    /// <summary>A failure is the generation's, wherever it is reported.</summary>
    [Fact]
    public async Task Generation_that_failed_at_fetch_result_has_failed()
    {
        OnSubmit(FetchResult).OnPath(OtherPath, ScriptedResponse.Json("""{"status":"failed","id":9,"message":"no face"}"""));

        Assert.Equal(GenerationStatus.Failed, (await _service.Clock.RunAsync(_service.GenerateAsync())).StatusValue);
    }

    [Theory]
    [InlineData("https://elsewhere.example/api/v6/images/fetch/9")]
    [InlineData("http://{host}/api/v6/images/fetch/9")]
    [InlineData("https://{host}:444/api/v6/images/fetch/9")]
    [InlineData("https://{host}/api/v3/delete_image")]
    [InlineData("javascript:9")]
    public async Task Fetch_result_at_a_foreign_address_is_not_requested(string address)
    {
        OnSubmit(address.Replace("{host}", _service.Root.Host, StringComparison.Ordinal));

        FaceGenException fault = await TaskAssertions.GetErrorAsync(_service.Clock.RunAsync(_service.GenerateAsync()));

        Assert.Equal(ErrorCode.GenerationNotFound, fault.Code);
        Assert.Equal(6, _service.Fetches.Count);
        Assert.All(_service.Calls.Skip(1), call => Assert.Equal(new Uri(_service.Root, "/api/v6/image_editing/fetch/9"), call.Address));
    }

    [Fact]
    public async Task Fetch_result_with_a_temporary_fault_is_tried_again()
    {
        OnSubmit(FetchResult).OnPath(OtherPath, [.. Enumerable.Repeat(ScriptedResponse.Error("Server error", 500), 8), ScriptedResponse.Success("9")]);

        Assert.Equal(GenerationStatus.Success, (await _service.Clock.RunAsync(_service.GenerateAsync())).StatusValue);
    }

    [Theory]
    [InlineData(404)]
    [InlineData(401)]
    [InlineData(302)]
    [InlineData(200)]
    public async Task Fetch_result_that_is_refused_leaves_the_denial(int status)
    {
        OnSubmit(FetchResult).OnPath(OtherPath, ScriptedResponse.Html(status));

        FaceGenException fault = await TaskAssertions.GetErrorAsync(_service.Clock.RunAsync(_service.GenerateAsync()));

        Assert.Equal(ErrorCode.GenerationNotFound, fault.Code);
        Assert.Equal(12, _service.Fetches.Count);
    }

    [Fact]
    public async Task Images_at_future_links_end_the_generation_when_all_of_them_exist()
    {
        OnSubmit(FetchResult, First, Second).OnPath(OtherPath, ScriptedResponse.Empty(404))
            .OnLink(First, ScriptedResponse.Empty(404), ScriptedResponse.Image(TestImages.Portrait))
            .OnLink(Second, ScriptedResponse.Empty(404), ScriptedResponse.Html(200), ScriptedResponse.Image(TestImages.Portrait));

        Generation generation = await _service.Clock.RunAsync(_service.GenerateAsync(request: FakeService.Request() with { Samples = 2 }));

        Assert.Equal(GenerationStatus.Success, generation.StatusValue);
        Assert.Equal([First, Second], generation.Images);
        Assert.Equal(7L, generation.Seed);
        Assert.Contains(_service.VerboseMessages, line => line.StartsWith("The service does not return generation 9 by its id.", StringComparison.Ordinal));
        Assert.All(_service.Calls.Where(call => call.Address.Host != _service.Root.Host), call => Assert.Empty(call.Body));
    }

    /// <summary>The service may make fewer images than were asked for.</summary>
    [Fact]
    public async Task Images_at_some_future_links_are_not_lost()
    {
        OnSubmit(null, First, Second).OnLink(First, ScriptedResponse.Image(TestImages.Portrait)).OnLink(Second, ScriptedResponse.Empty(404));

        Generation generation = await _service.Clock.RunAsync(_service.GenerateAsync(request: FakeService.Request() with { Samples = 2 }));

        Assert.Equal([First], generation.Images);
    }

    /// <summary>One fetch must not end a generation whose second image comes a moment later: it would be paid for and not saved.</summary>
    [Fact]
    public async Task Single_fetch_does_not_end_a_generation_with_a_part_of_its_images()
    {
        OnSubmit(null, First, Second).OnLink(First, ScriptedResponse.Image(TestImages.Portrait))
            .OnLink(Second, ScriptedResponse.Empty(404), ScriptedResponse.Empty(404), ScriptedResponse.Image(TestImages.Portrait));
        Generation accepted = await _service.GenerateAsync(wait: false, request: FakeService.Request() with { Samples = 2 }).WithTimeoutAsync();

        Assert.Equal(ErrorCode.GenerationNotFound, (await TaskAssertions.GetErrorAsync(_service.Account.FetchAsync(_service.Connection, "9", null, default))).Code);

        Assert.Equal([First, Second], (await _service.Clock.RunAsync(_service.Generator.WaitAsync(accepted, Timeout.InfiniteTimeSpan, default))).Images);
    }

    [Fact]
    public async Task Future_links_without_images_leave_the_denial()
    {
        OnSubmit(null, First, "http://127.0.0.1/9.png", "no link").OnLink(First, ScriptedResponse.Empty(404));
        DateTimeOffset start = _service.Clock.GetUtcNow();

        FaceGenException fault = await TaskAssertions.GetErrorAsync(_service.Clock.RunAsync(_service.GenerateAsync()));

        Assert.Equal(ErrorCode.GenerationNotFound, fault.Code);
        // The images may take long: the links are tried for minutes.
        Assert.InRange(_service.Clock.GetUtcNow() - start, TimeSpan.FromMinutes(1.5), TimeSpan.FromMinutes(5));
        Assert.DoesNotContain(_service.Calls, call => call.Address.Host == "127.0.0.1");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Later_command_finds_the_generation(bool hasFetchResult)
    {
        OnSubmit(hasFetchResult ? FetchResult : null, First).OnPath(OtherPath, ScriptedResponse.Success("9", First)).OnLink(First, ScriptedResponse.Image(TestImages.Portrait));
        await _service.Clock.RunAsync(_service.GenerateAsync());
        _service.Account.MarkEmitted("9");

        Generation again = await _service.Clock.RunAsync(_service.Account.FetchAsync(_service.Connection, "9", null, default));

        Assert.Equal((GenerationStatus.Success, First), (again.StatusValue, Assert.Single(again.Images)));
    }

    private FakeService OnSubmit(object? fetchResult, params string[] futureLinks) => _service.OnSubmit(Submitted(fetchResult, futureLinks));

    private static ScriptedResponse Submitted(object? fetchResult, params string[] futureLinks) => ScriptedResponse.Json(
        $$$"""{"status":"processing","id":9,"eta":1,"output":[],"fetch_result":"{{{fetchResult}}}","future_links":[{{{string.Join(",", futureLinks.Select(link => $"\"{link}\""))}}}],"meta":{"seed":7}}""");
}
