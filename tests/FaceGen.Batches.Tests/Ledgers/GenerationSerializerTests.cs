using FaceGen.Batches.Ledgers;
using FaceGen.Contract;
using FaceGen.Core.Tests.Support;

namespace FaceGen.Batches.Tests.Ledgers;

/// <summary>The serialization of generations in the ledger.</summary>
public sealed class GenerationSerializerTests
{
    private static readonly Request Request = FakeService.Request();

    [Fact]
    public void Generation_serialized_and_read_is_equal()
    {
        var generation = new Generation
        {
            Id = "42 ü",
            StatusValue = GenerationStatus.Success,
            CreatedAt = new DateTimeOffset(2030, 1, 2, 3, 4, 5, 678, TimeSpan.FromHours(2)),
            Images = ["https://cdn.example/1.png", "data:image/png;base64,AA=="],
            AlternateLinks = [["https://other.example/1.png", "https://other.example/2.png"]],
            Prompt = "Ein \"Übungsflug\" \u2028 👩",
            Seed = long.MaxValue,
            Seconds = 1.25,
            Eta = 0.1,
            TrackId = "-7",
            Message = "ready",
            Meta = new Dictionary<string, object?> { ["steps"] = 31L, ["scale"] = 7.5, ["ok"] = true, ["no"] = false, ["none"] = null, ["text"] = "a\nb" },
            Request = Request,
        };

        Generation read = Read(GenerationSerializer.Serialize(generation), generation.Id);

        Assert.Equal(generation.Images, read.Images);
        Assert.Equal(generation.AlternateLinks, read.AlternateLinks);
        Assert.Equal(generation.Meta, read.Meta);
        Assert.Equal(generation.ExpiresAt, read.ExpiresAt);
        Assert.Equal(generation.Output, read.Output);
        Assert.Equal(
            (generation.Id, generation.StatusValue, generation.CreatedAt, generation.Prompt, generation.Seed, generation.Request),
            (read.Id, read.StatusValue, read.CreatedAt, read.Prompt, read.Seed, read.Request));
        Assert.Equal(
            (generation.Seconds, generation.Eta, generation.TrackId, generation.Message),
            (read.Seconds, read.Eta, read.TrackId, read.Message));
    }

    [Theory]
    [InlineData("7", "\"track_id\":7,")]
    [InlineData("order_12345", "\"track_id\":\"order_12345\",")]
    public void Track_id_is_a_number_or_a_text(string trackId, string expected)
    {
        string stored = GenerationSerializer.Serialize(new Generation { Id = "1", StatusValue = GenerationStatus.Processing, TrackId = trackId });

        Assert.Contains(expected, stored, StringComparison.Ordinal);
        Assert.Equal(trackId, Read(stored, "1").TrackId);
    }

    [Theory]
    [InlineData("\"account\":\"https://modelslab.com/#0123456789ab\",", "https://modelslab.com/#0123456789ab")]
    [InlineData("\"account\":\"https://modelslab.com/#key\",", "https://modelslab.com/")]
    [InlineData("", "https://modelslab.com/")]
    public void Row_account_comes_from_its_generation_or_else_its_address(string account, string expected)
    {
        var row = new LedgerRow
        {
            Item = 1, Request = "", Images = 1, Status = BatchItemStatus.Submitted, GenerationId = "1", SubmittedAt = Sent, Address = "https://modelslab.com/",
            Generation = "{" + account + "\"status\":\"Success\",\"images\":[],\"other_links\":[],\"message\":\"\",\"meta\":{}}",
        };

        Assert.Equal(expected, GenerationSerializer.Deserialize(row, Request).Account);
    }

    [Fact]
    public void Generation_processing_is_read_again()
    {
        var generation = new Generation { Id = "1", StatusValue = GenerationStatus.Processing, Request = Request };

        Generation read = Read(GenerationSerializer.Serialize(generation), "1");

        Assert.Equal((GenerationStatus.Processing, null, null, 0), (read.StatusValue, read.CreatedAt, read.Prompt, read.ImageCount));
    }

    [Fact]
    public void Meta_read_again_ignores_case()
    {
        ServiceResponse response = ServiceResponse.TryParse("""{"status":"success","id":1,"meta":{"Prompt":"a"}}"""u8.ToArray())!;
        var generation = new Generation { Id = "1", StatusValue = GenerationStatus.Success, Meta = response.Meta };

        Assert.Equal("a", Read(GenerationSerializer.Serialize(generation), "1").Meta["PROMPT"]);
    }

    [Theory]
    [InlineData("""{"status":"processing","id":1,"eta":1e999,"meta":{"x":1e999,"y":-1e999}}""")]
    [InlineData("""{"status":"processing","id":1,"message":"\ud800","meta":{"\ud800":"\udc00","x":{"y":[1]}}}""")]
    [InlineData("""{"status":"success","id":1,"output":["https://cdn.example/1.png"],"links":["a","b"],"meta":[1]}""")]
    public void Generation_with_unusual_values_is_serialized(string response)
    {
        ServiceResponse read = ServiceResponse.TryParse(System.Text.Encoding.UTF8.GetBytes(response))!;
        Generation generation = new Generation { Id = "1" }.WithResponse(read, GenerationStatus.Success);

        Assert.Equal(generation.Images, Read(GenerationSerializer.Serialize(generation), "1").Images);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("""{"status":"Sucess","images":[],"other_links":[],"message":"","meta":{}}""")]
    [InlineData("""{"status":"Success","created_at":"yesterday","images":[],"other_links":[],"message":"","meta":{}}""")]
    [InlineData("""{"status":"Success","images":[1],"other_links":[],"message":"","meta":{}}""")]
    [InlineData("""{"status":"Success","images":["\ud800"],"other_links":[],"message":"","meta":{}}""")]
    public void Generation_text_edited_by_hand_is_fetched_again_by_id(string text)
    {
        Generation read = Read(text, "77");

        Assert.Equal(("77", GenerationStatus.Processing, Request), (read.Id, read.StatusValue, read.Request));
        Assert.Equal(Sent, read.CreatedAt);
    }

    [Fact]
    public void Other_links_of_another_count_than_images_are_ignored()
    {
        Generation read = Read(
            """{"status":"Success","images":["https://cdn.example/1.png","https://cdn.example/2.png"],"other_links":[["https://a.example/1.png"]],"message":"","meta":{}}""", "1");

        Assert.Empty(read.AlternateLinks);
    }

    private static readonly DateTimeOffset Sent = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static Generation Read(string text, string id) => GenerationSerializer.Deserialize(
        new LedgerRow
        {
            Item = 1, Request = "", Images = 1, Status = BatchItemStatus.Submitted, GenerationId = id, Generation = text, SubmittedAt = Sent,
        }, Request)!;
}
