using FaceGen.Emulator.Faults;
using FaceGen.Emulator.Generating;
using FaceGen.Emulator.Tests.Support;

namespace FaceGen.Emulator.Tests.Faults;

/// <summary>Tests the effect of connection faults on clients and on the emulator.</summary>
public sealed class ConnectionTests
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task Request_dropped_before_body_is_complete()
    {
        await using TestService service = await TestService.StartAsync();
        service.Host.Faults.Add(Fault.ById("request-dropped"), FaultOn.Submit.Nth(1));
        var address = new Uri(service.Host.BaseUri, TestService.FaceGen);
        using RawConnection connection = await RawConnection.OpenAsync(address);

        await connection.PostWithoutReadingAsync(address, "{\"key\":", announcedLength: 5_000_000);
        RawHttpResponse response = await connection.ReadAsync();

        Assert.True(response.IsClosed);
        Assert.Empty(response.Bytes);
        Assert.Equal("request-dropped", Assert.Single(service.Host.Journal.Entries).Fault);
    }

    [Fact]
    public async Task Request_dropped_by_prompt_is_not_accepted()
    {
        await using TestService service = await TestService.StartAsync();
        service.Host.Faults.Add(Fault.ById("request-dropped"), FaultOn.Submit.WithPrompt("pilot"));

        await Assert.ThrowsAsync<HttpRequestException>(() => service.SubmitAsync());

        Assert.Equal(0, service.Host.Journal.Accepted);
        Assert.Equal("success", (await service.SubmitAsync(("prompt", "a cook"))).Status);
    }

    [Theory]
    [InlineData("accepted-then-never-answered")]
    [InlineData("endless")]
    public async Task Dispose_with_endless_call_stops_at_once(string fault)
    {
        TestService service = await TestService.StartAsync();
        service.Host.Faults.Add(Fault.ById(fault), FaultOn.Submit);
        var address = new Uri(service.Host.BaseUri, TestService.FaceGen);
        using RawConnection connection = await RawConnection.OpenAsync(address);
        await connection.PostWithoutReadingAsync(
            address, TestService.Request(("key", TestService.Key)).ToJsonString());
        await WaitForJournalAsync(service);

        await service.DisposeAsync().AsTask().WaitAsync(Timeout);
    }

    [Fact]
    public async Task Call_without_response_ends_when_the_caller_disconnects()
    {
        await using TestService service = await TestService.StartAsync();
        service.Host.Faults.Add(Fault.ById("accepted-then-never-answered"), FaultOn.Submit.Nth(1));
        using var cancel = new CancellationTokenSource();
        using var client = new HttpClient { BaseAddress = service.Host.BaseUri };
        using var content = new StringContent(TestService.Request(("key", TestService.Key)).ToJsonString());

        Task<HttpResponseMessage> call = client.PostAsync(new Uri(TestService.FaceGen, UriKind.Relative), content, cancel.Token);
        await WaitForJournalAsync(service);
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        Assert.Equal(1, service.Host.Journal.Accepted);
        Assert.Equal("success", (await service.SubmitAsync()).Status);
    }

    [Fact]
    public async Task Cut_download_can_be_resumed()
    {
        await using FaultFixture fixture = await FaultFixture.StartAsync();
        fixture.Host.Faults.Add(Fault.ById("Q31-cut"), FaultOn.Download.First(1));

        RawHttpResponse cut = await RawConnection.GetAsync(fixture.Link);
        RawHttpResponse rest = await RawConnection.GetAsync(
            fixture.Link, $"Range: bytes={cut.Body.Length}-", $"If-Range: {cut.Header("ETag")}");

        Assert.Equal(206, rest.Status);
        Assert.Equal(cut.Header("ETag"), rest.Header("ETag"));
        Assert.Equal(fixture.Png, (byte[])[.. cut.Body, .. rest.Body]);
    }

    [Theory]
    [InlineData("Q31-chunked")]
    [InlineData("Q31-until-close")]
    public async Task Http_client_reads_a_picture_without_length(string fault)
    {
        await using FaultFixture fixture = await FaultFixture.StartAsync();
        fixture.Host.Faults.Add(Fault.ById(fault), FaultOn.Download);
        using var client = new HttpClient();

        Assert.Equal(fixture.Png, await client.GetByteArrayAsync(new Uri(fixture.Link)));
        Assert.Equal(fixture.Png, await client.GetByteArrayAsync(new Uri(fixture.Link)));
    }

    [Theory]
    [InlineData("accepted-then-dropped")]
    [InlineData("Q14-cut")]
    public async Task Http_client_lost_response_throws(string fault)
    {
        await using TestService service = await TestService.StartAsync();
        service.Host.Faults.Add(Fault.ById(fault), FaultOn.Submit.Nth(2));
        await service.SubmitAsync();

        await Assert.ThrowsAnyAsync<HttpRequestException>(() => service.SubmitAsync());

        Assert.Equal(2, service.Host.Journal.Accepted);
    }

    [Fact]
    public async Task Redirect_leads_to_the_picture()
    {
        await using FaultFixture fixture = await FaultFixture.StartAsync();
        fixture.Host.Faults.Add(Fault.ById("redirect"), FaultOn.Download);
        using var client = new HttpClient();

        Assert.Equal(fixture.Png, await client.GetByteArrayAsync(new Uri(fixture.Link)));
    }

    [Fact]
    public async Task Base64_download_has_the_same_faults()
    {
        await using TestService service = await TestService.StartAsync();
        TestResponse response = await service.SubmitAsync(("base64", true));
        service.Host.Faults.Add(Fault.ById("Q16-black"), FaultOn.Download);

        RawHttpResponse black = await RawConnection.GetAsync(response.Output[0]);

        Assert.Equal("text/plain", black.MediaType);
        using SkiaSharp.SKBitmap picture = SkiaSharp.SKBitmap.Decode(Convert.FromBase64String(black.Text));
        Assert.Equal(SkiaSharp.SKColors.Black, picture.GetPixel(9, 9));
    }

    [Fact]
    public async Task Random_faults_every_accepted_request_is_counted_once_and_downloadable()
    {
        await using TestService service = await TestService.StartAsync(new EmulatorOptions
        {
            QueueLimit = 1000,
            ServiceTime = ServiceTime.Fixed(TimeSpan.FromMinutes(1)),
            Faults = [FaultRule.AnyTransient(FaultOn.Any.AtRate(0.5, seed: 7))],
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
            TestResponse fetched = await service.PostAsync($"/api/v6/image_editing/fetch/{id}");
            Assert.Equal(200, (int)await service.GetStatusAsync(Assert.Single(fetched.Output)));
        }
    }

    /// <summary>Waits for the first journal entry, which exists before a response is sent or withheld.</summary>
    private static async Task WaitForJournalAsync(TestService service)
    {
        using var timeout = new CancellationTokenSource(Timeout);
        while (service.Host.Journal.Entries.Count == 0)
            await Task.Delay(10, timeout.Token);
    }
}
