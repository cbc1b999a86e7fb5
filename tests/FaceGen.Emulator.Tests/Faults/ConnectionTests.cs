using FaceGen.Emulator.Faults;
using FaceGen.Emulator.Generating;
using FaceGen.Emulator.Tests.Support;

namespace FaceGen.Emulator.Tests.Faults;

/// <summary>What the faults of a connection do to those at its other end, and to the emulator.</summary>
public sealed class ConnectionTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task A_request_is_dropped_before_all_of_it_has_come()
    {
        await using TestService service = await TestService.StartAsync();
        service.Host.Faults.Add(Fault.ById("request-dropped"), At.Submit.Nth(1));
        var address = new Uri(service.Host.BaseUri, TestService.FaceGen);
        using RawConnection connection = await RawConnection.OpenAsync(address);

        await connection.PostWithoutReadingAsync(address, "{\"key\":", announcedLength: 5_000_000);
        RawAnswer answer = await connection.ReadAsync();

        Assert.True(answer.IsClosed);
        Assert.Empty(answer.Bytes);
        Assert.Equal("request-dropped", Assert.Single(service.Host.Journal.Entries).Fault);
    }

    [Fact]
    public async Task A_request_chosen_by_its_prompt_is_dropped_too_and_not_accepted()
    {
        await using TestService service = await TestService.StartAsync();
        service.Host.Faults.Add(Fault.ById("request-dropped"), At.Submit.WithPrompt("pilot"));

        await Assert.ThrowsAsync<HttpRequestException>(() => service.SubmitAsync());

        Assert.Equal(0, service.Host.Journal.Accepted);
        Assert.Equal("success", (await service.SubmitAsync(("prompt", "a cook"))).Status);
    }

    [Theory]
    [InlineData("accepted-then-never-answered")]
    [InlineData("endless")]
    public async Task An_emulator_stops_at_once_though_a_call_never_ends(string fault)
    {
        TestService service = await TestService.StartAsync();
        service.Host.Faults.Add(Fault.ById(fault), At.Submit);
        var address = new Uri(service.Host.BaseUri, TestService.FaceGen);
        using RawConnection connection = await RawConnection.OpenAsync(address);
        await connection.PostWithoutReadingAsync(
            address, TestService.Request(("key", TestService.Key)).ToJsonString());
        await UntilJournaledAsync(service);

        await service.DisposeAsync().AsTask().WaitAsync(Patience);
    }

    [Fact]
    public async Task A_call_that_is_never_answered_ends_when_the_caller_goes_away()
    {
        await using TestService service = await TestService.StartAsync();
        service.Host.Faults.Add(Fault.ById("accepted-then-never-answered"), At.Submit.Nth(1));
        using var cancel = new CancellationTokenSource();
        using var client = new HttpClient { BaseAddress = service.Host.BaseUri };
        using var content = new StringContent(TestService.Request(("key", TestService.Key)).ToJsonString());

        Task<HttpResponseMessage> call = client.PostAsync(new Uri(TestService.FaceGen, UriKind.Relative), content, cancel.Token);
        await UntilJournaledAsync(service);
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        Assert.Equal(1, service.Host.Journal.Accepted);
        Assert.Equal("success", (await service.SubmitAsync()).Status);
    }

    [Fact]
    public async Task A_cut_download_can_be_resumed_where_it_ended()
    {
        await using FaultScene scene = await FaultScene.OpenAsync();
        scene.Host.Faults.Add(Fault.ById("Q31-cut"), At.Download.First(1));

        RawAnswer cut = await RawConnection.GetAsync(scene.Link);
        RawAnswer rest = await RawConnection.GetAsync(
            scene.Link, $"Range: bytes={cut.Body.Length}-", $"If-Range: {cut.Header("ETag")}");

        Assert.Equal(206, rest.Status);
        Assert.Equal(cut.Header("ETag"), rest.Header("ETag"));
        Assert.Equal(scene.Png, (byte[])[.. cut.Body, .. rest.Body]);
    }

    [Theory]
    [InlineData("Q31-chunked")]
    [InlineData("Q31-until-close")]
    public async Task An_http_client_reads_a_picture_without_a_length_to_its_end(string fault)
    {
        await using FaultScene scene = await FaultScene.OpenAsync();
        scene.Host.Faults.Add(Fault.ById(fault), At.Download);
        using var client = new HttpClient();

        Assert.Equal(scene.Png, await client.GetByteArrayAsync(new Uri(scene.Link)));
        Assert.Equal(scene.Png, await client.GetByteArrayAsync(new Uri(scene.Link)));
    }

    [Theory]
    [InlineData("accepted-then-dropped")]
    [InlineData("Q14-cut")]
    public async Task An_http_client_sees_an_answer_that_is_lost_as_an_error(string fault)
    {
        await using TestService service = await TestService.StartAsync();
        service.Host.Faults.Add(Fault.ById(fault), At.Submit.Nth(2));
        await service.SubmitAsync();

        await Assert.ThrowsAnyAsync<HttpRequestException>(() => service.SubmitAsync());

        Assert.Equal(2, service.Host.Journal.Accepted);
    }

    [Fact]
    public async Task A_redirect_leads_to_the_picture()
    {
        await using FaultScene scene = await FaultScene.OpenAsync();
        scene.Host.Faults.Add(Fault.ById("redirect"), At.Download);
        using var client = new HttpClient();

        Assert.Equal(scene.Png, await client.GetByteArrayAsync(new Uri(scene.Link)));
    }

    [Fact]
    public async Task Base64_downloads_have_the_same_faults()
    {
        await using TestService service = await TestService.StartAsync();
        Answer answer = await service.SubmitAsync(("base64", true));
        service.Host.Faults.Add(Fault.ById("Q16-black"), At.Download);

        RawAnswer black = await RawConnection.GetAsync(answer.Output[0]);

        Assert.Equal("text/plain", black.MediaType);
        using SkiaSharp.SKBitmap picture = SkiaSharp.SKBitmap.Decode(Convert.FromBase64String(black.Text));
        Assert.Equal(SkiaSharp.SKColors.Black, picture.GetPixel(9, 9));
    }

    [Fact]
    public async Task Under_faults_of_every_kind_all_that_was_accepted_is_counted_once_and_can_be_had()
    {
        await using TestService service = await TestService.StartAsync(new EmulatorOptions
        {
            QueueLimit = 1000,
            ServiceTime = ServiceTime.Fixed(TimeSpan.FromMinutes(1)),
            Faults = [FaultRule.AnyTransient(At.Any.AtRate(0.5, seed: 7))],
        });
        var address = new Uri(service.Host.BaseUri, TestService.FaceGen);
        await Parallel.ForAsync(0, 200, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (number, _) =>
            await RawConnection.PostAsync(address, TestService.Request(
                ("key", TestService.Key), ("prompt", $"row {number}"), ("width", 32), ("height", 32)).ToJsonString()));

        long[] accepted =
            [.. service.Host.Journal.Entries.Select(static entry => entry.GenerationId).OfType<long>()];
        Assert.Equal(service.Host.Journal.Accepted, accepted.Distinct().Count());
        Assert.All(service.Host.Journal.AcceptedByPrompt.Values, static count => Assert.Equal(1, count));
        Assert.InRange(service.Host.Journal.Entries.Count(static entry => entry.Fault is not null), 70, 130);

        service.Host.Faults.Clear();
        service.Host.Clock.Advance(TimeSpan.FromHours(1));
        foreach (long id in accepted)
        {
            Answer fetched = await service.PostAsync($"/api/v6/image_editing/fetch/{id}");
            Assert.Equal(200, (int)await service.GetStatusAsync(Assert.Single(fetched.Output)));
        }
    }

    /// <summary>The journal has a call before its answer leaves, or does not leave.</summary>
    private static async Task UntilJournaledAsync(TestService service)
    {
        while (service.Host.Journal.Entries.Count == 0)
            await service.GetStatusAsync("/health");
    }
}
