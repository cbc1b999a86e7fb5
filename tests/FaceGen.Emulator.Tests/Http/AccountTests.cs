using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using FaceGen.Emulator.Faults;
using FaceGen.Emulator.Generating;
using FaceGen.Emulator.Tests.Support;
using FaceGen.Tests.Shared;

namespace FaceGen.Emulator.Tests.Http;

public sealed class AccountTests
{
    private const string RequestCount = "/api/v6/processing/request_count";
    private const string DeleteImage = "/api/v3/delete_image";
    private const string AssetsGenerated = "/api/assets_generated";

    [Fact]
    public async Task Request_count_is_the_queue_length()
    {
        await using TestService service = await TestService.StartAsync(
            new EmulatorOptions { ServiceTime = ServiceTime.Fixed(TimeSpan.FromSeconds(30)) });
        await service.SubmitAsync();
        await service.SubmitAsync();

        TestResponse response = await service.PostAsync(RequestCount);

        Assert.Equal("success", response.Status);
        Assert.Equal(2, response.Body["processing_count"]!.GetValue<int>());
        Assert.NotEmpty(response.Message);
        service.Host.Clock.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(0, (await service.PostAsync(RequestCount)).Body["processing_count"]!.GetValue<int>());
    }

    [Fact]
    public async Task Request_count_answers_get_with_a_body_where_post_is_refused()
    {
        await using TestService service = await TestService.StartAsync(new EmulatorOptions { Faults = [FaultRule.Parse("count-by-get@account")] });
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(service.Host.BaseUri, RequestCount)) { Content = JsonContent.Create(new JsonObject { ["key"] = TestService.Key }) };

        using HttpResponseMessage response = await client.SendAsync(request);

        ContractSchema.AssertResponse(RequestCount, await response.Content.ReadAsStringAsync());
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await service.PostAsync(RequestCount)).HttpStatus);
    }

    [Fact]
    public async Task Request_count_allows_30_calls_per_minute()
    {
        await using TestService service = await TestService.StartAsync();
        for (int i = 0; i < 30; i++)
            Assert.Equal("success", (await service.PostAsync(RequestCount)).Status);

        TestResponse refused = await service.PostAsync(RequestCount);

        Assert.Equal(HttpStatusCode.TooManyRequests, refused.HttpStatus);
        Assert.StartsWith("Rate limit exceeded.", refused.Message, StringComparison.Ordinal);
        int wait = refused.Body["retry_after"]!.GetValue<int>();
        Assert.InRange(wait, 1, 60);
        service.Host.Clock.Advance(TimeSpan.FromSeconds(wait));
        Assert.Equal("success", (await service.PostAsync(RequestCount)).Status);
    }

    [Fact]
    public async Task Delete_image_removes_it()
    {
        await using TestService service = await TestService.StartAsync();
        TestResponse submitted = await service.SubmitAsync();
        JsonObject body = new() { ["request_id"] = submitted.Id, ["type"] = "image" };

        TestResponse deleted = await service.PostAsync(DeleteImage, body);

        Assert.Equal("success", deleted.Status);
        Assert.Equal("image deleted", deleted.Body["messege"]!.GetValue<string>());
        Assert.Equal(HttpStatusCode.NotFound, await service.GetStatusAsync(submitted.Output[0]));
        Assert.Equal("error", (await service.PostAsync(DeleteImage, body.DeepClone().AsObject())).Status);
    }

    [Theory]
    [InlineData("request_id", "null", "request_id is required")]
    [InlineData("request_id", "\"one\"", "request_id must be an integer")]
    [InlineData("request_id", "1.5", "request_id must be an integer")]
    [InlineData("type", "\"video\"", "type must be one of: image")]
    public async Task Delete_invalid_field_is_rejected(string field, string json, string expected)
    {
        await using TestService service = await TestService.StartAsync();
        JsonObject body = new() { ["request_id"] = 1, ["type"] = "image", [field] = JsonNode.Parse(json) };

        TestResponse response = await service.PostAsync(DeleteImage, body);

        Assert.Equal(HttpStatusCode.BadRequest, response.HttpStatus);
        Assert.Equal(expected, response.Message);
    }

    [Fact]
    public async Task Delete_and_list_another_accounts_images_are_refused()
    {
        await using TestService service = await TestService.StartAsync(new EmulatorOptions { AdditionalApiKeys = ["second"] });
        TestResponse submitted = await service.SubmitAsync();

        TestResponse deleted = await service.PostAsync(
            DeleteImage, new JsonObject { ["key"] = "second", ["request_id"] = submitted.Id, ["type"] = "image" });
        TestResponse listed = await service.PostAsync(AssetsGenerated, new JsonObject { ["key"] = "second", ["type"] = "image" });

        Assert.Equal("error", deleted.Status);
        Assert.Empty(listed.Body["data"]!.AsArray());
        Assert.Equal(HttpStatusCode.OK, await service.GetStatusAsync(submitted.Output[0]));
    }

    [Fact]
    public async Task List_returns_pages_newest_first()
    {
        await using TestService service = await TestService.StartAsync();
        var ids = new List<long>();
        for (int i = 0; i < 25; i++)
            ids.Add((await service.SubmitAsync()).Id);

        TestResponse first = await service.PostAsync(AssetsGenerated, new JsonObject { ["type"] = "image" });
        TestResponse last = await service.PostAsync(
            AssetsGenerated, new JsonObject { ["type"] = "image", ["per_page"] = 10, ["page"] = 3 });
        TestResponse beyond = await service.PostAsync(AssetsGenerated, new JsonObject { ["type"] = "image", ["page"] = 4 });

        Assert.Equal(ids.AsEnumerable().Reverse().Take(10), GetIds(first));
        Assert.Equal(ids.AsEnumerable().Reverse().Skip(20), GetIds(last));
        Assert.Equal("image", last.Body["type"]!.GetValue<string>());
        Assert.True(JsonNode.DeepEquals(last.Body["pagination"], new JsonObject
        {
            ["current_page"] = 3,
            ["per_page"] = 10,
            ["total"] = 25,
            ["last_page"] = 3,
            ["from"] = 21,
            ["to"] = 25,
        }));
        Assert.Empty(GetIds(beyond));
        Assert.Null(beyond.Body["pagination"]!["from"]);
    }

    [Theory]
    [InlineData("per_page", 31)]
    [InlineData("per_page", 0)]
    [InlineData("page", 0)]
    public async Task List_invalid_field_is_rejected(string field, int value)
    {
        await using TestService service = await TestService.StartAsync();

        TestResponse response = await service.PostAsync(AssetsGenerated, new JsonObject { ["type"] = "image", [field] = value });

        Assert.Equal(HttpStatusCode.BadRequest, response.HttpStatus);
        Assert.StartsWith(field, response.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/api/wallet_balance")]
    [InlineData(RequestCount)]
    [InlineData(DeleteImage)]
    [InlineData(AssetsGenerated)]
    [InlineData("/api/v6/base64_to_url")]
    public async Task Call_wrong_key_is_rejected(string path)
    {
        await using TestService service = await TestService.StartAsync();

        TestResponse response = await service.PostAsync(path, new JsonObject { ["key"] = "wrong" });

        Assert.Equal(HttpStatusCode.Unauthorized, response.HttpStatus);
    }

    private static IEnumerable<long> GetIds(TestResponse response) =>
        response.Body["data"]!.AsArray().Select(static asset => asset!["id"]!.GetValue<long>());
}
