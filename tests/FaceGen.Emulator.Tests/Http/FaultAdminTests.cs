using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using FaceGen.Emulator.Faults;
using FaceGen.Emulator.Tests.Support;

namespace FaceGen.Emulator.Tests.Http;

public sealed class FaultAdminTests
{
    private const string Faults = "/admin/faults";

    [Fact]
    public async Task Faults_get_returns_the_catalog()
    {
        await using TestService service = await TestService.StartAsync();

        JsonObject shown = await ReadAsync(service);

        Assert.Empty(shown["rules"]!.AsArray());
        Assert.Equal(Fault.All.Count, shown["faults"]!.AsArray().Count);
        JsonNode dropped = shown["faults"]!.AsArray().Single(static fault => (string?)fault!["id"] == "accepted-then-dropped")!;
        Assert.NotEmpty((string)dropped["description"]!);
        Assert.Equal(["submit"], dropped["kinds"]!.AsArray().Select(static kind => (string?)kind));
        Assert.True((bool)dropped["acceptsSubmission"]!);
        Assert.True((bool)dropped["isTransient"]!);
    }

    [Fact]
    public async Task Rules_post_and_delete_add_and_clear()
    {
        await using TestService service = await TestService.StartAsync();
        using var rule = JsonContent.Create(new { rule = "Q1-error@submit:times=1" });

        TestResponse added = await service.SendAsync(Faults, rule);
        TestResponse faulty = await service.SubmitAsync();

        Assert.Equal(HttpStatusCode.OK, added.HttpStatus);
        Assert.Equal("error", faulty.Status);
        JsonNode shown = Assert.Single((await ReadAsync(service))["rules"]!.AsArray())!;
        Assert.Equal("Q1-error@submit:times=1", (string?)shown["rule"]);
        Assert.Equal(1, (int)shown["times"]!);

        using var client = new HttpClient();
        using HttpResponseMessage cleared = await client.DeleteAsync(new Uri(service.Host.BaseUri, Faults));
        Assert.Equal(HttpStatusCode.OK, cleared.StatusCode);
        Assert.Empty(service.Host.Faults.Rules);
    }

    [Theory]
    [InlineData("", "Post {\"rule\"")]
    [InlineData("[]", "Post {\"rule\"")]
    [InlineData("{\"rule\":5}", "Post {\"rule\"")]
    [InlineData("{\"rule\":\"\\ud800\"}", "Post {\"rule\"")]
    [InlineData("{\"rule\":\"x@submit\"}", "no fault 'x'")]
    public async Task Rule_invalid_is_rejected_with_reason(string body, string reason)
    {
        await using TestService service = await TestService.StartAsync();
        using var content = new StringContent(body);

        TestResponse response = await service.SendAsync(Faults, content);

        Assert.Equal(HttpStatusCode.BadRequest, response.HttpStatus);
        Assert.Contains(reason, response.Message, StringComparison.Ordinal);
        Assert.Empty(service.Host.Faults.Rules);
    }

    [Fact]
    public async Task Journal_entry_has_the_fault()
    {
        await using TestService service = await TestService.StartAsync();
        service.Host.Faults.Add(Fault.ById("Q3-code"), FaultOn.Submit);
        await service.SubmitAsync();

        using HttpResponseMessage journal = await service.GetAsync("/admin/journal");

        JsonNode entries = JsonNode.Parse(await journal.Content.ReadAsStringAsync())!;
        Assert.Equal("Q3-code", (string?)entries[0]!["fault"]);
    }

    private static async Task<JsonObject> ReadAsync(TestService service)
    {
        using HttpResponseMessage response = await service.GetAsync(Faults);
        return JsonNode.Parse(await response.Content.ReadAsStringAsync())!.AsObject();
    }
}
