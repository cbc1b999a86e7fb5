using System.Net;
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

        TestResponse response = await service.SubmitAsync(("samples", 2));

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

        TestResponse response = await service.SubmitAsync();

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
        Assert.Empty(response.Links("proxy_links"));
        Assert.NotNull(response.Meta["seed"]);

        Assert.Equal(HttpStatusCode.NotFound, await service.GetStatusAsync(future));
        service.Host.Clock.Advance(TimeSpan.FromSeconds(90));
        Assert.Equal(HttpStatusCode.OK, await service.GetStatusAsync(future));
    }

    [Fact]
    public async Task Submit_meta_has_the_shape_of_the_published_examples()
    {
        await using TestService service = await TestService.StartAsync();

        JsonObject meta = (await service.SubmitAsync(("seed", 7), ("guidance_scale", 2.5), ("safety_checker", true))).Meta;

        Assert.Equal("a pilot", meta["prompt"]!.GetValue<string>());
        Assert.Equal(400, meta["W"]!.GetValue<int>());
        Assert.Equal(500, meta["H"]!.GetValue<int>());
        Assert.Equal(21, meta["steps"]!.GetValue<int>());
        Assert.Equal(2.5, meta["guidance_scale"]!.GetValue<double>());
        Assert.Equal(1, meta["n_samples"]!.GetValue<int>());
        Assert.Equal("yes", meta["safety_checker"]!.GetValue<string>());
        Assert.Equal("no", meta["base64"]!.GetValue<string>());
        Assert.Equal("yes", meta["temp"]!.GetValue<string>());
        Assert.Equal(7, meta["seed"]!.GetValue<long>());
        Assert.All(["file_prefix", "outdir"], field => Assert.NotEmpty(meta[field]!.GetValue<string>()));
        Assert.All(["style", "s_scale"], field => Assert.False(meta.ContainsKey(field)));
    }

    [Fact]
    public async Task Submit_two_samples_of_the_largest_size_returns_and_charges_one()
    {
        await using TestService service = await TestService.StartAsync(new EmulatorOptions { Balance = 0.01m, PricePerImage = 0.01m });

        TestResponse response = await service.SubmitAsync(("samples", 2), ("width", 512), ("height", 768));

        Assert.Single(response.Output);
    }

    [Theory]
    [InlineData(1024, 1536, 1)]
    [InlineData(512, 768, 1)]
    [InlineData(512, 767, 2)]
    public async Task Submit_two_samples_of_the_largest_face_returns_one(int width, int height, int count)
    {
        await using TestService service = await TestService.StartAsync();
        byte[] face = SyntheticFace.Draw(width, height, SkiaSharp.SKEncodedImageFormat.Jpeg);

        TestResponse response = await service.SubmitAsync(("samples", 2), ("face_image", SyntheticFace.ToDataUri(face, "image/jpeg")));

        Assert.Equal(count, response.Output.Count);
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

        TestResponse response = await service.PostAsync(submit, TestService.Request());

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

        TestResponse response = await service.SubmitAsync(("face_image", SyntheticFace.ToDataUri(face, "image/jpeg")));

        Assert.Equal(usedWidth, response.Meta["W"]!.GetValue<int>());
        Assert.Equal(usedHeight, response.Meta["H"]!.GetValue<int>());
    }
}
