using System.Net;
using System.Text.Json.Nodes;
using FaceGen.Emulator.Tests.Support;

namespace FaceGen.Emulator.Tests.Contract;

/// <summary>Tests values that published examples send and the contract does not allow: accepted with a warning, or refused if strict.</summary>
public sealed class ToleranceTests
{
    private static readonly EmulatorOptions Strict = new() { Strict = true };

    public static TheoryData<string, string, string> Deviations => new()
    {
        { "width", "\"512\"", "must be an integer" },
        { "width", "512.0", "must be an integer" },
        { "width", "\"512.0\"", "must be an integer" },
        { "height", "\"768\"", "must be an integer" },
        { "num_inference_steps", "\"21\"", "must be an integer" },
        { "samples", "\"2\"", "must be an integer" },
        { "seed", "\"-1234\"", "must be an integer" },
        { "guidance_scale", "\"7.5\"", "must be a number" },
        { "s_scale", "\"1\"", "must be a number" },
        { "safety_checker", "\"yes\"", "must be true or false" },
        { "safety_checker", "\"No\"", "must be true or false" },
        { "base64", "\"false\"", "must be true or false" },
        { "webhook", "\"null\"", "must be a link or null" },
    };

    [Theory]
    [MemberData(nameof(Deviations))]
    public async Task Deviation_is_accepted_with_a_warning_unless_strict(string field, string json, string rule)
    {
        await using TestService tolerant = await TestService.StartAsync();
        await using TestService strict = await TestService.StartAsync(Strict);

        TestResponse accepted = await tolerant.SubmitAsync((field, JsonNode.Parse(json)));
        TestResponse refused = await strict.SubmitAsync(("base64", true), (field, JsonNode.Parse(json)));

        Assert.Equal("success", accepted.Status);
        string warning = Assert.Single(accepted.Warnings);
        Assert.Contains($"{field} {rule}", warning, StringComparison.Ordinal);
        Assert.Equal([warning], Assert.Single(tolerant.Host.Journal.Entries).Warnings);
        Assert.Equal(HttpStatusCode.BadRequest, refused.HttpStatus);
        Assert.StartsWith($"{field} must be", refused.Message, StringComparison.Ordinal);
        Assert.Equal(0, strict.Host.Journal.Accepted);
    }

    [Theory]
    [InlineData("negative_prompt")]
    [InlineData("width")]
    [InlineData("guidance_scale")]
    [InlineData("safety_checker")]
    [InlineData("safety_checker_type")]
    [InlineData("style")]
    public async Task Null_for_an_optional_field_is_absent_with_a_warning_unless_strict(string field)
    {
        await using TestService tolerant = await TestService.StartAsync();
        await using TestService strict = await TestService.StartAsync(Strict);

        Assert.Contains($"{field} must not be null", Assert.Single((await tolerant.SubmitAsync((field, null))).Warnings), StringComparison.Ordinal);
        Assert.StartsWith($"{field} must be", (await strict.SubmitAsync(("base64", true), (field, null))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("width", "\"513\"", "width must be between 1 and 512")]
    [InlineData("width", "\"512.5\"", "width must be an integer")]
    [InlineData("width", "\"wide\"", "width must be an integer")]
    [InlineData("width", "true", "width must be an integer")]
    [InlineData("num_inference_steps", "\"20\"", "num_inference_steps must be one of: 21, 31, 41")]
    [InlineData("s_scale", "\"7.5\"", "s_scale must be between 0 and 2")]
    [InlineData("safety_checker", "\"maybe\"", "safety_checker must be true or false")]
    [InlineData("face_image", "\"AAAA\"", "face_image must be an image that can be decoded")]
    public async Task Value_out_of_range_is_refused_in_any_type(string field, string json, string expected)
    {
        await using TestService service = await TestService.StartAsync();

        TestResponse response = await service.SubmitAsync((field, JsonNode.Parse(json)));

        Assert.Equal((HttpStatusCode.BadRequest, expected), (response.HttpStatus, response.Message));
    }

    [Fact]
    public async Task Values_in_other_types_have_their_meaning()
    {
        await using TestService service = await TestService.StartAsync();

        JsonObject meta = (await service.SubmitAsync(
            ("width", "64"), ("height", 72.0), ("guidance_scale", "2.5"), ("safety_checker", "yes"), ("seed", "5"), ("samples", "2"))).Meta;

        Assert.Equal((64, 72, 2.5), ((int)meta["W"]!, (int)meta["H"]!, (double)meta["guidance_scale"]!));
        Assert.Equal(("yes", 5, 2), ((string)meta["safety_checker"]!, (int)meta["seed"]!, (int)meta["n_samples"]!));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Track_id_as_text_is_returned_as_text_with_a_warning(bool strict)
    {
        await using TestService service = await TestService.StartAsync(new EmulatorOptions { Strict = strict });

        TestResponse response = await service.SubmitAsync(("track_id", "order_12345"), ("base64", true));

        Assert.Equal("order_12345", (string?)response.Body["track_id"]);
        Assert.Single(response.Warnings);
    }

    [Fact]
    public async Task Base64_without_prefix_is_accepted_with_a_warning_unless_strict()
    {
        string bare = SyntheticFace.DataUri[(SyntheticFace.DataUri.IndexOf(',', StringComparison.Ordinal) + 1)..];
        await using TestService tolerant = await TestService.StartAsync();
        await using TestService strict = await TestService.StartAsync(Strict);

        byte[] picture = await tolerant.DrawAsync(("face_image", bare), ("seed", 1));
        TestResponse upload = await tolerant.PostAsync("/api/v6/image_editing/base64_to_url", new JsonObject { ["init_image"] = bare });

        Assert.Equal(await tolerant.DrawAsync(("seed", 1)), picture);
        Assert.Single(tolerant.Host.Journal.Entries[0].Warnings);
        Assert.Single(upload.Warnings);
        Assert.Equal(HttpStatusCode.BadRequest, (await strict.SubmitAsync(("face_image", bare), ("base64", true))).HttpStatus);
    }

    [Fact]
    public async Task Inline_face_without_base64_is_refused_only_if_strict()
    {
        await using TestService tolerant = await TestService.StartAsync();
        await using TestService strict = await TestService.StartAsync(Strict);
        TestResponse upload = await strict.PostAsync("/api/v6/base64_to_url", new JsonObject { ["base64_string"] = SyntheticFace.DataUri });

        TestResponse refused = await strict.SubmitAsync();

        Assert.Equal((HttpStatusCode.BadRequest, "base64 must be true if face_image is base64"), (refused.HttpStatus, refused.Message));
        Assert.Equal("success", (await strict.SubmitAsync(("base64", true))).Status);
        Assert.Equal("success", (await strict.SubmitAsync(("face_image", upload.Output[0]))).Status);
        Assert.Empty((await tolerant.SubmitAsync()).Warnings);
    }

    [Fact]
    public async Task Type_omitted_is_accepted_with_a_warning_where_it_is_required()
    {
        await using TestService service = await TestService.StartAsync();
        await using TestService strict = await TestService.StartAsync(Strict);
        long id = (await service.SubmitAsync()).Id;

        TestResponse listed = await service.PostAsync("/api/assets_generated");
        TestResponse deleted = await service.PostAsync("/api/v3/delete_image", new JsonObject { ["request_id"] = id });

        Assert.Equal(("success", "success"), (listed.Status, deleted.Status));
        Assert.Single(listed.Warnings);
        Assert.Empty(deleted.Warnings);
        Assert.Equal("type is required", (await strict.PostAsync("/api/assets_generated")).Message);
    }

    [Fact]
    public async Task Request_id_as_text_is_accepted_with_a_warning()
    {
        await using TestService service = await TestService.StartAsync();
        long id = (await service.SubmitAsync()).Id;

        TestResponse deleted = await service.PostAsync("/api/v3/delete_image", new JsonObject { ["request_id"] = $"{id}" });

        Assert.Equal("success", deleted.Status);
        Assert.Single(deleted.Warnings);
    }

    [Fact]
    public async Task Warning_with_any_characters_fits_a_header()
    {
        await using TestService service = await TestService.StartAsync();

        TestResponse response = await service.SubmitAsync(("größe\r\nX: y", 1), (new string('x', 5000), 1));

        Assert.Equal(2, response.Warnings.Count);
        Assert.Contains("gr??e??X: y", response.Warnings[0], StringComparison.Ordinal);
        Assert.All(response.Warnings, static warning => Assert.InRange(warning.Length, 1, 200));
        Assert.Contains("größe\r\nX: y", service.Host.Journal.Entries[0].Warnings[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fetch_with_another_field_is_answered_with_a_warning()
    {
        await using TestService service = await TestService.StartAsync();
        long id = (await service.SubmitAsync()).Id;

        Assert.Single((await service.PostAsync($"/api/v6/image_editing/fetch/{id}", new JsonObject { ["request_id"] = id })).Warnings);
    }
}
