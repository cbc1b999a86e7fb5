using FaceGen.Accounts;
using FaceGen.Core.Tests.Support;

namespace FaceGen.Batches.Tests.Running;

/// <summary>The balance and the list of an account, in all forms of the responses.</summary>
public sealed class AccountClientTests : IDisposable
{
    private readonly BatchFixture _fixture = new();

    private AccountClient Client => new(_fixture.Connection);

    public void Dispose() => _fixture.Dispose();

    [Theory]
    [InlineData("""{"status":"success","data":{"balance":12.5,"currency":"USD"}}""", 12.5)]
    [InlineData("""{"status":"success","data":{"balance":"12.50"}}""", 12.5)]
    [InlineData("""{"data":{"balance":-0.25}}""", -0.25)]
    [InlineData("""{"status":"success","data":{"balance":0}}""", 0)]
    public async Task Balance_in_any_form_is_read(string body, double expected)
    {
        _fixture.OnBalance = _ => ScriptedResponse.Json(body);

        Assert.Equal((decimal)expected, (await Client.GetBalanceAsync(default).WithTimeoutAsync()).Balance);
    }

    [Theory]
    [InlineData("""{"status":"success","data":{"balance":1e999}}""", 200)]
    [InlineData("""{"status":"success","data":{"balance":1e300}}""", 200)]
    [InlineData("""{"status":"success","data":{"balance":"NaN"}}""", 200)]
    [InlineData("""{"status":"success","data":{"balance":null}}""", 200)]
    [InlineData("""{"status":"success","data":[{"balance":1}]}""", 200)]
    [InlineData("""{"status":"success","balance":1}""", 200)]
    [InlineData("""{"status":"error","message":"Rate limit","data":{"balance":1}}""", 200)]
    [InlineData("""{"status":"success","data":{"balance":1}}""", 429)]
    [InlineData("<html></html>", 502)]
    [InlineData("", 200)]
    public async Task Invalid_balance_is_an_error(string body, int status)
    {
        _fixture.OnBalance = _ => ScriptedResponse.Json(body, status);

        FaceGenException fault = await TaskAssertions.GetErrorAsync(_fixture.Clock.RunAsync(Client.GetBalanceAsync(default)));

        Assert.Equal(ErrorCode.FetchFailed, fault.Code);
    }

    [Theory]
    [InlineData("""{"status":"success","data":[{"id":3,"output":["a"]},{"id":"b"},{"id":null},{},7,null]}""", new[] { "3", "b" })]
    [InlineData("""{"status":"success","data":null}""", new string[0])]
    [InlineData("""{"status":"success","data":{"id":3}}""", new string[0])]
    [InlineData("""{"status":"success"}""", new string[0])]
    [InlineData("""{"data":[{"id":"\ud800"},{"id":1}]}""", new[] { "1" })]
    public async Task Asset_ids_of_a_page_are_read(string body, string[] ids)
    {
        _fixture.OnAssets = _ => ScriptedResponse.Json(body);

        Assert.Equal(ids, (await Client.GetAssetsAsync(2, default).WithTimeoutAsync()).Generations.Select(generation => generation.Id));
        Call call = Assert.Single(_fixture.Calls);
        Assert.Contains("\"type\":\"image\",\"per_page\":30,\"page\":2", call.Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"status":"error","message":"not in your plan"}""", 200)]
    [InlineData("""{"status":"error","message":"no"}""", 403)]
    [InlineData("""{"status":"error","message":"Invalid API key"}""", 401)]
    [InlineData("[]", 200)]
    public async Task Asset_list_refused_is_not_a_fatal_error(string body, int status)
    {
        _fixture.OnAssets = _ => ScriptedResponse.Json(body, status);

        FaceGenException fault = await TaskAssertions.GetErrorAsync(_fixture.Clock.RunAsync(Client.GetAssetsAsync(1, default)));

        Assert.Equal((ErrorCode.FetchFailed, false), (fault.Code, fault.EndsRun));
        Assert.EndsWith("Not every plan includes this list. The service's dashboard shows the generations, too.", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("key-of-the-test", fault.Message, StringComparison.Ordinal);
    }
}
