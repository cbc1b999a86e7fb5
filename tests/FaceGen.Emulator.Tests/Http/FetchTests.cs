using System.Net;
using System.Text.Json.Nodes;
using FaceGen.Emulator.Generating;
using FaceGen.Emulator.Tests.Support;

namespace FaceGen.Emulator.Tests.Http;

public sealed class FetchTests
{
    private static readonly EmulatorOptions Slow = new()
    {
        ServiceTime = ServiceTime.Fixed(TimeSpan.FromSeconds(90)),
        AdditionalApiKeys = ["second"],
    };

    [Fact]
    public async Task Fetch_is_processing_until_finished()
    {
        await using TestService service = await TestService.StartAsync(Slow);
        TestResponse submitted = await service.SubmitAsync();

        TestResponse early = await service.FetchAsync(submitted);
        service.Host.Clock.Advance(TimeSpan.FromSeconds(90));
        TestResponse late = await service.FetchAsync(submitted);

        Assert.Equal("processing", early.Status);
        Assert.Equal("", early.Body["output"]!.GetValue<string>());
        Assert.NotEmpty(early.Message);
        Assert.NotEmpty(early.Body["tip"]!.GetValue<string>());
        Assert.Equal("success", late.Status);
        Assert.Equal(submitted.Id, late.Id);
        Assert.Equal(submitted.Links("future_links"), late.Output);
        Assert.Equal(1, service.Host.Journal.Accepted);
    }

    [Theory]
    [InlineData("1")]
    [InlineData("abc")]
    [InlineData("99999999999999999999999")]
    public async Task Fetch_unknown_id_returns_error(string id)
    {
        await using TestService service = await TestService.StartAsync();

        TestResponse response = await service.PostAsync($"/api/v6/image_editing/fetch/{id}");

        Assert.Equal(HttpStatusCode.OK, response.HttpStatus);
        Assert.Equal("error", response.Status);
        Assert.Contains(id, response.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fetch_another_accounts_id_returns_error()
    {
        await using TestService service = await TestService.StartAsync(Slow);
        TestResponse submitted = await service.SubmitAsync();

        Assert.Equal("error", (await service.FetchAsync(submitted, key: "second")).Status);
    }

    [Fact]
    public async Task Fetch_wrong_key_is_rejected()
    {
        await using TestService service = await TestService.StartAsync();

        TestResponse response = await service.PostAsync("/api/v6/image_editing/fetch/1", new JsonObject { ["key"] = "wrong" });

        Assert.Equal(HttpStatusCode.Unauthorized, response.HttpStatus);
    }
}
