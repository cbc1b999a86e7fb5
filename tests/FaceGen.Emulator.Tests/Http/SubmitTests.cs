using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using FaceGen.Emulator.Generating;
using FaceGen.Emulator.Tests.Support;

namespace FaceGen.Emulator.Tests.Http;

public sealed class SubmitTests
{
    private static readonly EmulatorOptions Slow = new() { ServiceTime = ServiceTime.Fixed(TimeSpan.FromSeconds(90)) };

    [Fact]
    public async Task Submit_no_service_time_returns_images()
    {
        await using TestService service = await TestService.StartAsync();

        ServiceResponse response = await service.SubmitAsync(("samples", 2));

        Assert.Equal(HttpStatusCode.OK, response.HttpStatus);
        Assert.Equal("success", response.Status);
        Assert.Equal(0, response.Body["generationTime"]!.GetValue<double>());
        Assert.Equal(2, response.Output.Count);
        Assert.Equal(2, response.Links("proxy_links").Count);
        foreach (string link in response.Output.Concat(response.Links("proxy_links")))
            Assert.Equal(HttpStatusCode.OK, await service.GetStatusAsync(link));
    }

    [Fact]
    public async Task Submit_with_service_time_is_queued()
    {
        await using TestService service = await TestService.StartAsync(Slow);

        ServiceResponse response = await service.SubmitAsync();

        Assert.Equal(HttpStatusCode.OK, response.HttpStatus);
        Assert.Equal("processing", response.Status);
        Assert.Equal(90, response.Body["eta"]!.GetValue<int>());
        Assert.NotEmpty(response.Message);
        Assert.NotEmpty(response.Body["tip"]!.GetValue<string>());
        Assert.Equal(
            new Uri(service.Host.BaseUri, $"/api/v6/image_editing/fetch/{response.Id}").AbsoluteUri,
            response.Body["fetch_result"]!.GetValue<string>());
        Assert.Empty(response.Output);
        string future = Assert.Single(response.Links("future_links"));
        Assert.Single(response.Links("proxy_links"));
        Assert.NotNull(response.Meta["seed"]);

        Assert.Equal(HttpStatusCode.NotFound, await service.GetStatusAsync(future));
        service.Host.Clock.Advance(TimeSpan.FromSeconds(90));
        Assert.Equal(HttpStatusCode.OK, await service.GetStatusAsync(future));
    }

    [Fact]
    public async Task Submit_meta_has_the_parameters_in_their_types()
    {
        await using TestService service = await TestService.StartAsync();

        JsonObject meta = (await service.SubmitAsync(("seed", 7), ("guidance_scale", 2.5))).Meta;

        Assert.Equal("a pilot", meta["prompt"]!.GetValue<string>());
        Assert.Equal(400, meta["width"]!.GetValue<int>());
        Assert.Equal(500, meta["height"]!.GetValue<int>());
        Assert.Equal(21, meta["num_inference_steps"]!.GetValue<int>());
        Assert.Equal(2.5, meta["guidance_scale"]!.GetValue<double>());
        Assert.Equal(1, meta["s_scale"]!.GetValue<double>());
        Assert.Equal(1, meta["samples"]!.GetValue<int>());
        Assert.Equal(JsonValueKind.False, meta["safety_checker"]!.GetValueKind());
        Assert.Equal(JsonValueKind.False, meta["base64"]!.GetValueKind());
        Assert.Equal("realistic", meta["style"]!.GetValue<string>());
        Assert.Equal(7, meta["seed"]!.GetValue<long>());
    }

    [Fact]
    public async Task Submit_without_seed_draws_one()
    {
        await using TestService service = await TestService.StartAsync();

        long first = (await service.SubmitAsync()).Meta["seed"]!.GetValue<long>();
        long second = (await service.SubmitAsync(("seed", null))).Meta["seed"]!.GetValue<long>();

        Assert.NotEqual(first, second);
    }

    [Fact]
    public async Task Submit_track_id_is_returned()
    {
        await using TestService service = await TestService.StartAsync();

        Assert.Equal(42, (await service.SubmitAsync(("track_id", 42))).Body["track_id"]!.GetValue<int>());
        Assert.False((await service.SubmitAsync()).Body.ContainsKey("track_id"));
    }

    [Theory]
    [InlineData("/api/v1/enterprise/image_editing/face_gen", "/api/v1/enterprise/image_editing/fetch/")]
    [InlineData("/api/v1/enterprise/face_gen/make_gen", "/api/v1/enterprise/face_gen/fetch/")]
    public async Task Submit_enterprise_paths_work(string submit, string fetch)
    {
        await using TestService service = await TestService.StartAsync(Slow);

        ServiceResponse response = await service.PostAsync(submit, TestService.Request());

        Assert.EndsWith($"{fetch}{response.Id}", response.Body["fetch_result"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal("processing", (await service.PostAsync($"{fetch}{response.Id}")).Status);
    }

    [Theory]
    [InlineData(1024, 1536, 512, 768)]
    [InlineData(2000, 1000, 512, 256)]
    [InlineData(300, 200, 300, 200)]
    public async Task Submit_without_size_uses_the_face_images_size(int width, int height, int usedWidth, int usedHeight)
    {
        await using TestService service = await TestService.StartAsync();
        byte[] face = SyntheticFace.Draw(width, height, SkiaSharp.SKEncodedImageFormat.Jpeg);

        ServiceResponse response = await service.SubmitAsync(("face_image", SyntheticFace.ToDataUri(face, "image/jpeg")));

        Assert.Equal(usedWidth, response.Meta["width"]!.GetValue<int>());
        Assert.Equal(usedHeight, response.Meta["height"]!.GetValue<int>());
    }
}
