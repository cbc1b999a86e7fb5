using FaceGen.Accounts;
using FaceGen.Core.Tests.Support;

namespace FaceGen.Core.Tests.Accounts;

public sealed class AccountClientTests : IDisposable
{
    private readonly FakeService _service = new();

    private AccountClient Client => new(_service.Connection);

    public void Dispose() => _service.Dispose();

    [Theory]
    [InlineData(404)]
    [InlineData(405)]
    public async Task QueueUsage_post_refused_uses_get_with_the_key_in_the_body(int status)
    {
        _service.OnSubmit(ScriptedResponse.Html(status), ScriptedResponse.Json("""{"status":"success","processing_count":"3"}"""));

        QueueUsage usage = await Client.GetQueueUsageAsync(default).WithTimeoutAsync();

        Assert.Equal(3, usage.RequestCount);
        Assert.Equal(["POST", "GET"], _service.Calls.Select(call => call.Method));
        Assert.All(_service.Calls, call => Assert.EndsWith("/api/v6/processing/request_count", call.Address.AbsoluteUri, StringComparison.Ordinal));
        Assert.All(_service.Calls, call => Assert.Contains(FakeService.Key.Split('/')[0], call.Body, StringComparison.Ordinal));
    }

    [Fact]
    public async Task QueueUsage_get_that_cannot_be_sent_reports_the_refusal()
    {
        _service.OnSubmit(ScriptedResponse.Html(405), ScriptedResponse.NotConnected);

        FaceGenException error = await TaskAssertions.GetErrorAsync(Client.GetQueueUsageAsync(default));

        Assert.Equal(ErrorCode.FetchFailed, error.Code);
        Assert.Contains("HTTP 405", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Assets_are_listed_at_the_other_path_where_the_first_is_unknown()
    {
        _service.OnSubmit(ScriptedResponse.Html(404), ScriptedResponse.Json("""
            {"status":"success","data":[{"id":7,"output":["https://r2/a.png","https://r2/b.png"]},{"id":"3f2b-8c","output":"https://r2/c.png"},{"id":8},{"request_id":"r-9","output":["https://r2/d.png"]},{"id":null},5],
             "pagination":{"total":"33","last_page":2}}
            """));

        AssetPage page = await Client.GetAssetsAsync(1, default).WithTimeoutAsync();

        Assert.Equal([("7", "Success", 2), ("3f2b-8c", "Success", 1), ("8", "Processing", 0), ("r-9", "Success", 1)], page.Generations.Select(generation => (generation.Id, generation.Status, generation.Output.Count)));
        Assert.All(page.Generations, generation => Assert.Same(_service.Connection, generation.Connection));
        Assert.Equal((33, 2), (page.Total, page.LastPage));
        Assert.Equal(["/api/assets_generated", "/api/v6/assets_generated"], _service.Calls.Select(call => call.Address.AbsolutePath));
        Assert.Equal(_service.Calls[0].Body, _service.Calls[1].Body);
    }

    [Theory]
    [InlineData("42", "\"request_id\":42,")]
    [InlineData("007", "\"request_id\":\"007\",")]
    [InlineData("3f2b8c1e-90aa-4f6e-8a51-7d2f0e6b9c11", "\"request_id\":\"3f2b8c1e-90aa-4f6e-8a51-7d2f0e6b9c11\",")]
    public async Task DeleteImages_sends_a_number_as_a_number_and_any_other_id_as_text(string id, string expected)
    {
        _service.OnSubmit(ScriptedResponse.Json("""{"status":"success","messege":"image deleted"}"""));

        await Client.DeleteImagesAsync(id, default).WithTimeoutAsync();

        Assert.Contains(expected, Assert.Single(_service.Calls).Body, StringComparison.Ordinal);
    }
}
