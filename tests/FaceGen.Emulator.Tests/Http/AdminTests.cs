using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using FaceGen.Emulator.Generating;
using FaceGen.Emulator.Tests.Support;

namespace FaceGen.Emulator.Tests.Http;

public sealed class AdminTests
{
    [Fact]
    public async Task Health_returns_ok()
    {
        await using TestService service = await TestService.StartAsync();

        Assert.Equal(HttpStatusCode.OK, await service.GetStatusAsync("/health"));
    }

    [Fact]
    public async Task Journal_and_accepted_return_entries_and_counts()
    {
        await using TestService service = await TestService.StartAsync();
        TestResponse submitted = await service.SubmitAsync();

        JsonNode journal = await ReadAsync(service, "/admin/journal");
        JsonNode accepted = await ReadAsync(service, "/admin/accepted");

        Assert.Equal(submitted.Id, Assert.Single(journal.AsArray())!["generationId"]!.GetValue<long>());
        Assert.Equal(1, accepted["accepted"]!.GetValue<int>());
        Assert.Equal(1, accepted["maxInFlight"]!.GetValue<int>());
        Assert.Equal(1, accepted["byPrompt"]!["a pilot"]!.GetValue<int>());
        Assert.Single(accepted["byRequest"]!.AsObject());
    }

    [Fact]
    public async Task Clock_post_advances_it()
    {
        await using TestService service = await TestService.StartAsync(
            new EmulatorOptions { ServiceTime = ServiceTime.Fixed(TimeSpan.FromHours(1)) });
        TestResponse submitted = await service.SubmitAsync();
        Assert.Equal(1, await QueuedAsync());

        using var content = JsonContent.Create(new { seconds = 3600 });
        using var client = new HttpClient();
        using HttpResponseMessage moved = await client.PostAsync(new Uri(service.Host.BaseUri, "/admin/clock"), content);

        Assert.Equal(HttpStatusCode.OK, moved.StatusCode);
        Assert.Equal(0, await QueuedAsync());
        Assert.Equal("success", (await service.FetchAsync(submitted)).Status);

        async Task<int> QueuedAsync() =>
            (await ReadAsync(service, "/admin/state"))["accounts"]![0]!["queued"]!.GetValue<int>();
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("{\"seconds\":-1}")]
    [InlineData("{\"seconds\":1e99}")]
    [InlineData("{\"seconds\":\"1\"}")]
    [InlineData("seconds")]
    [InlineData("")]
    public async Task Clock_invalid_body_is_rejected(string body)
    {
        await using TestService service = await TestService.StartAsync();
        using var content = new StringContent(body);

        TestResponse response = await service.SendAsync("/admin/clock", content);

        Assert.Equal(HttpStatusCode.BadRequest, response.HttpStatus);
    }

    [Fact]
    public async Task Reset_post_clears_the_journal()
    {
        await using TestService service = await TestService.StartAsync();
        await service.SubmitAsync();
        using var content = new StringContent("");

        await service.SendAsync("/admin/reset", content);

        Assert.Equal(0, service.Host.Journal.Accepted);
    }

    private static async Task<JsonNode> ReadAsync(TestService service, string path)
    {
        using HttpResponseMessage response = await service.GetAsync(path);
        return JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
    }
}
