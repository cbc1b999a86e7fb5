using System.Text.Json;
using FaceGen.Core.Tests.Support;
using FaceGen.Generating;

namespace FaceGen.Core.Tests.Generating;

public sealed class FaceUploadsTests : IDisposable
{
    private const string Link = "https://files.example/face.png";
    private const string OtherLink = "https://files.example/other.png";

    private readonly FakeService _service = new();
    private readonly TemporaryFolder _folder = new();
    private readonly byte[] _image = ImageOf(32 * 1024);

    public FaceUploadsTests() => _service.OnUpload(ScriptedResponse.Uploaded(Link)).OnSubmit(ScriptedResponse.Success());

    private FaceImage Face => FaceImage.FromBytes(_image);

    private string Inline => "data:image/png;base64," + Convert.ToBase64String(_image);

    /// <summary>Gets the face image of each submission.</summary>
    private IReadOnlyList<string> Sent => [.. _service.Submissions.Select(call => Field(call, "face_image"))];

    public void Dispose()
    {
        _service.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Image_is_uploaded_once_before_its_first_request()
    {
        for (int i = 0; i < 3; i++) await SubmitAsync();

        Assert.Equal([Link, Link, Link], Sent);
        Assert.All(_service.Submissions, call => Assert.DoesNotContain("base64", call.Body, StringComparison.Ordinal));
        Call upload = Assert.Single(_service.Uploads);
        Assert.Equal(new Uri(_service.Root, "api/v6/base64_to_url"), upload.Address);
        Assert.Equal((FakeService.Key, Inline), (Field(upload, "key"), Field(upload, "base64_string")));
        Assert.Equal($"The face image '{Face}' was uploaded. All requests with this image share its link.", Assert.Single(_service.VerboseMessages));
    }

    [Fact]
    public async Task Image_and_file_with_same_content_share_one_upload()
    {
        string path = _folder.PathOf("face.png");
        await File.WriteAllBytesAsync(path, _image);
        await UploadAsync(Face).WithTimeoutAsync();

        await SubmitAsync();
        await SubmitAsync(FaceImage.FromFile(path));

        Assert.Equal([Link, Link], Sent);
        Assert.Single(_service.Uploads);
    }

    [Fact]
    public async Task Image_concurrent_requests_share_one_upload()
    {
        var response = new TaskCompletionSource<ScriptedResponse>();
        _service.OnUpload(ScriptedResponse.After(response.Task));
        Task upload = UploadAsync(Face);

        Task<Generation>[] requests = [.. Enumerable.Range(0, 5).Select(_ => _service.GenerateAsync(request: Request(Face)))];
        response.SetResult(ScriptedResponse.Uploaded(Link));
        await Task.WhenAll([upload, .. requests]).WithTimeoutAsync();

        Assert.Single(_service.Uploads);
        Assert.Equal(Enumerable.Repeat(Link, 5), Sent);
    }

    [Fact]
    public async Task Upload_in_flight_is_kept_beyond_capacity()
    {
        var response = new TaskCompletionSource<ScriptedResponse>();
        _service.OnUpload(ScriptedResponse.After(response.Task), ScriptedResponse.Uploaded(OtherLink));
        Task upload = UploadAsync(Face);
        await _service.WaitForCallAsync();
        for (int number = 1; number <= 1024; number++)
            await UploadAsync(FaceImage.FromBytes([.. _image, .. BitConverter.GetBytes(number)])).WithTimeoutAsync();

        response.SetResult(ScriptedResponse.Uploaded(Link));
        await upload.WithTimeoutAsync();
        await SubmitAsync();

        Assert.Equal([Link], Sent);
        Assert.Equal(1025, _service.Uploads.Count);
    }

    [Fact]
    public async Task Upload_canceled_waiter_does_not_cancel_others()
    {
        var response = new TaskCompletionSource<ScriptedResponse>();
        _service.OnUpload(ScriptedResponse.After(response.Task));
        using var stop = new CancellationTokenSource();
        Task first = UploadAsync(Face, stop.Token);
        Task<Generation> stopped = _service.GenerateAsync(request: Request(Face), cancellationToken: stop.Token);
        Task<Generation> other = _service.GenerateAsync(request: Request(Face));
        await _service.WaitForCallAsync();

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first.WithTimeoutAsync());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stopped.WithTimeoutAsync());
        response.SetResult(ScriptedResponse.Uploaded(Link));
        await other.WithTimeoutAsync();

        Assert.Single(_service.Uploads);
        Assert.Equal([Link], Sent);
        Assert.Equal(0, _service.Account.Slots.InUse);
    }

    [Fact]
    public async Task Upload_connection_disconnected_goes_on_for_others()
    {
        var response = new TaskCompletionSource<ScriptedResponse>();
        _service.OnUpload(ScriptedResponse.After(response.Task));
        Task upload = UploadAsync(Face);
        await _service.WaitForCallAsync();

        _service.Connection.Dispose();
        using Connection other = _service.Connect();
        Task<FaceImageValue> text = _service.Account.FaceUploads.GetValueAsync(other, Face, new GenerateOptions(), null, default);
        response.SetResult(ScriptedResponse.Uploaded(Link));
        await upload.WithTimeoutAsync();

        Assert.Equal(Link, (await text.WithTimeoutAsync()).Text);
        Assert.Single(_service.Uploads);
    }

    [Fact]
    public async Task Upload_timeout_of_command_sends_nothing()
    {
        _service.OnUpload(ScriptedResponse.NoResponse);
        Task upload = UploadAsync(Face);
        await _service.WaitForCallAsync();
        Task<Generation> request = _service.GenerateAsync(timeout: TimeSpan.FromSeconds(5), request: Request(Face));

        await _service.Clock.AdvanceAsync(TimeSpan.FromSeconds(5));
        FaceGenException fault = await TaskAssertions.GetErrorAsync(request.WithTimeoutAsync());

        Assert.Equal(ErrorCode.ServiceBusy, fault.Code);
        Assert.Equal("The service accepted nothing within 5 s: the face image was still being uploaded. Nothing was charged. Run the command again later, or raise its timeout.", fault.Message);
        Assert.False(upload.IsCompleted);
        Assert.Empty(_service.Submissions);
        Assert.Equal(0, _service.Account.Slots.InUse);
    }

    [Fact]
    public async Task Image_of_any_size_is_uploaded()
    {
        await SubmitAsync(FaceImage.FromBytes(TestImages.Portrait));

        Assert.Equal([Link], Sent);
    }

    [Fact]
    public async Task Link_and_disabled_upload_upload_nothing()
    {
        FaceImage link = FakeService.Request().FaceImage;
        await SubmitAsync(link);
        await _service.GenerateAsync(request: Request(Face), upload: false).WithTimeoutAsync();

        Assert.Empty(_service.Uploads);
        Assert.Equal([link.Link!.AbsoluteUri, Inline], Sent);
    }

    [Fact]
    public async Task Upload_ends_before_the_request_acquires_a_slot()
    {
        var response = new TaskCompletionSource<ScriptedResponse>();
        _service.OnUpload(ScriptedResponse.After(response.Task));
        Task<Generation> request = _service.GenerateAsync(request: Request(Face));
        await _service.WaitForCallAsync();

        Assert.Equal(0, _service.Account.Slots.InUse);
        response.SetResult(ScriptedResponse.Uploaded(Link));
        await request.WithTimeoutAsync();
        Assert.Equal([Link], Sent);
    }

    /// <summary>The published sources say that an inline image needs base64, and the response is base64 then.</summary>
    [Theory]
    [InlineData(null)]
    [InlineData(false)]
    public async Task Inline_image_is_sent_with_base64_and_request_is_unchanged(bool? base64)
    {
        string image = Convert.ToBase64String(TestImages.Portrait);
        _service.OnUpload(ScriptedResponse.Error("Uploads are not allowed.", 403)).OnSubmit(ScriptedResponse.Success("7", image));
        Request request = Request(Face) with { Base64 = base64 };

        Generation generation = await _service.GenerateAsync(request: request).WithTimeoutAsync();

        using JsonDocument sent = JsonDocument.Parse(Assert.Single(_service.Submissions).Body);
        Assert.Equal((Inline, true), (sent.RootElement.GetProperty("face_image").GetString(), sent.RootElement.GetProperty("base64").GetBoolean()));
        Assert.Equal([image], generation.Images);
        Assert.Same(request, generation.Request);
    }

    public static TheoryData<string, int> InlineRefusals => new()
    {
        { """{"status":"error","message":{"face_image":["The face image must be a valid URL."]}}""", 200 },
        { """{"status":"error","message":"base64 images are not supported"}""", 400 },
        { """{"status":"error","message":"Invalid image"}""", 422 },
        { "<html>Request entity too large</html>", 413 },
    };

    [Theory]
    [MemberData(nameof(InlineRefusals))]
    public async Task Inline_image_refused_is_uploaded_without_a_slot(string refusal, int status)
    {
        var upload = new TaskCompletionSource<ScriptedResponse>();
        _service.OnUpload(ScriptedResponse.Error("No.", 403), ScriptedResponse.After(upload.Task)).OnSubmit(ScriptedResponse.Json(refusal, status), ScriptedResponse.Success());
        await UploadAsync(Face).WithTimeoutAsync();
        await _service.WaitForCallAsync();
        Task<Generation> request = _service.Clock.RunAsync(_service.GenerateAsync(request: Request(Face)));
        await _service.WaitForCallAsync();
        await _service.WaitForCallAsync();

        Assert.Equal(0, _service.Account.Slots.InUse);
        upload.SetResult(ScriptedResponse.Uploaded(Link));
        await request;
        await SubmitAsync(FaceImage.FromBytes(TestImages.Portrait));

        // Uploads work again, for other images too.
        Assert.Equal([Inline, Link, Link], Sent);
        Assert.Equal([true, false, false], _service.Submissions.Select(call => call.Body.Contains("base64\":true", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Each_way_is_tried_once(bool canUpload)
    {
        ScriptedResponse refusal = ScriptedResponse.Error("The face image must be a valid image url.", 400);
        _service.OnUpload(canUpload ? ScriptedResponse.Uploaded(Link) : ScriptedResponse.Error("No.", 403)).OnSubmit(refusal);

        FaceGenException fault = await TaskAssertions.GetErrorAsync(_service.Clock.RunAsync(_service.GenerateAsync(request: Request(Face))));

        Assert.Equal(ErrorCode.RequestRefused, fault.Code);
        Assert.Equal(canUpload ? [Link, Inline] : [Inline], Sent);
        Assert.Equal(canUpload ? 1 : 2, _service.Uploads.Count);
        Assert.Equal(0, _service.Account.Slots.InUse);
    }

    [Fact]
    public async Task Inline_image_refused_is_not_uploaded_if_uploads_are_disabled()
    {
        _service.OnSubmit(ScriptedResponse.Error("The face image must be a valid image url.", 400));

        FaceGenException fault = await TaskAssertions.GetErrorAsync(_service.GenerateAsync(request: Request(Face), upload: false).WithTimeoutAsync());

        Assert.Equal(ErrorCode.RequestRefused, fault.Code);
        Assert.Empty(_service.Uploads);
        Assert.Single(Sent);
    }

    [Fact]
    public async Task Refusal_without_a_face_is_final()
    {
        _service.OnSubmit(ScriptedResponse.Error("No face was detected.", 400));

        FaceGenException fault = await TaskAssertions.GetErrorAsync(SubmitAsync());

        Assert.Equal(ErrorCode.RequestRefused, fault.Code);
        Assert.Equal([Link], Sent);
    }

    [Fact]
    public async Task Link_is_renewed_before_24_hours()
    {
        _service.OnUpload(ScriptedResponse.Uploaded(Link), ScriptedResponse.Uploaded(OtherLink));
        await UploadAsync(Face).WithTimeoutAsync();
        await _service.Clock.AdvanceAsync(TimeSpan.FromHours(21.9));
        await SubmitAsync();
        await _service.Clock.AdvanceAsync(TimeSpan.FromHours(0.2));
        await SubmitAsync();

        Assert.Equal([Link, OtherLink], Sent);
        Assert.Equal(2, _service.Uploads.Count);
    }

    [Fact]
    public async Task Old_link_is_not_used_while_uploads_are_paused()
    {
        await UploadAsync(Face).WithTimeoutAsync();
        await _service.Clock.AdvanceAsync(TimeSpan.FromHours(23));
        _service.OnUpload(ScriptedResponse.Error("No.", 404));
        await _service.Clock.RunAsync(DoneAsync(UploadAsync(FaceImage.FromBytes(ImageOf(_image.Length + 1)))));

        await SubmitAsync();

        Assert.Equal([Inline], Sent);
    }

    public static TheoryData<string> Refusals =>
    [
        "400", "401", "402", "403", "404", "413", "error", "html", "empty", "no output", "no link", "ftp", "script", "too long", "processing", "redirect",
    ];

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task Upload_refused_sends_image_inline_for_an_hour(string kind)
    {
        _service.OnUpload(kind switch
        {
            "error" => ScriptedResponse.Error("Uploads are not allowed."),
            "html" => ScriptedResponse.Html(200),
            "empty" => ScriptedResponse.Empty(),
            "no output" => ScriptedResponse.Json("""{"status":"success","id":9}"""),
            "no link" => ScriptedResponse.Uploaded("face.png"),
            "ftp" => ScriptedResponse.Uploaded("ftp://files.example/face.png"),
            "script" => ScriptedResponse.Uploaded("javascript:alert(1)"),
            "too long" => ScriptedResponse.Uploaded(Link + new string('x', 2048)),
            "processing" => ScriptedResponse.Processing(),
            "redirect" => ScriptedResponse.Redirect("https://elsewhere.example/"),
            _ => ScriptedResponse.Error("Uploads are not allowed.", int.Parse(kind, System.Globalization.CultureInfo.InvariantCulture)),
        }, ScriptedResponse.Uploaded(Link));
        await UploadAsync(Face).WithTimeoutAsync();
        await SubmitAsync();
        await _service.Clock.AdvanceAsync(TimeSpan.FromMinutes(59));
        await SubmitAsync();

        Assert.Equal([Inline, Inline], Sent);
        Assert.Single(_service.Uploads);
        Assert.EndsWith("). It is sent inline with each request.", Assert.Single(_service.VerboseMessages), StringComparison.Ordinal);
        Assert.Empty(_service.WarningMessages);

        await _service.Clock.AdvanceAsync(TimeSpan.FromMinutes(2));
        await SubmitAsync();
        Assert.Equal(Link, Sent[^1]);
    }

    public static TheoryData<string> Passing => ["500", "503", "502", "lost", "429", "rate limit"];

    [Theory]
    [MemberData(nameof(Passing))]
    public async Task Upload_transient_fault_is_retried(string kind)
    {
        _service.OnUpload(kind switch
        {
            "500" => ScriptedResponse.Error("Server error", 500),
            "503" => ScriptedResponse.Error("Server busy", 503),
            "502" => ScriptedResponse.Html(),
            "lost" => ScriptedResponse.ConnectionLost,
            "429" => ScriptedResponse.Empty(429).WithRetryAfter(TimeSpan.FromSeconds(7)),
            _ => ScriptedResponse.Error("Rate limit exceeded. Try again in 7 seconds."),
        }, ScriptedResponse.Uploaded(Link));
        DateTimeOffset start = _service.Clock.GetUtcNow();

        await _service.Clock.RunAsync(DoneAsync(UploadAsync(Face)));
        await SubmitAsync();

        Assert.Equal([Link], Sent);
        Assert.Equal(2, _service.Uploads.Count);
        double waited = kind is "429" or "rate limit" ? 7 : 0.5;
        Assert.Equal(TimeSpan.FromSeconds(waited), _service.Clock.GetUtcNow() - start);
        Assert.EndsWith(FormattableString.Invariant($"). Retrying in {waited:0.0} s."), _service.VerboseMessages.First(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Upload_lasting_fault_sends_image_inline()
    {
        _service.OnUpload(ScriptedResponse.Error("Server error", 500));
        DateTimeOffset start = _service.Clock.GetUtcNow();

        await _service.Clock.RunAsync(DoneAsync(UploadAsync(Face)));
        int uploads = _service.Uploads.Count;
        await SubmitAsync();

        Assert.InRange(_service.Clock.GetUtcNow() - start, TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(30));
        Assert.Equal([Inline], Sent);
        Assert.Equal(uploads, _service.Uploads.Count);
    }

    /// <summary>Requests occupy slots meanwhile, and have their own timeouts.</summary>
    [Fact]
    public async Task Upload_without_response_times_out_by_size()
    {
        _service.OnUpload(ScriptedResponse.NoResponse);
        FaceImage large = FaceImage.FromBytes(ImageOf(3 * 1024 * 1024));
        Task small = UploadAsync(Face), slow = UploadAsync(large);
        Task<Generation> request = _service.GenerateAsync(timeout: TimeSpan.FromSeconds(60), request: Request(Face));
        await _service.WaitForCallAsync();
        await _service.WaitForCallAsync();

        await _service.Clock.AdvanceAsync(TimeSpan.FromSeconds(31));
        await small.WithTimeoutAsync();
        Assert.Equal(GenerationStatus.Success, (await request.WithTimeoutAsync()).StatusValue);
        Assert.False(slow.IsCompleted);
        await _service.Clock.AdvanceAsync(TimeSpan.FromSeconds(64));
        await slow.WithTimeoutAsync();
        await SubmitAsync(large);

        Assert.Equal([Inline, large.ToApiValue()], Sent);
        Assert.Equal(2, _service.Uploads.Count);
        Assert.All(_service.VerboseMessages, line => Assert.EndsWith(" s). It is sent inline with each request.", line, StringComparison.Ordinal));
    }

    /// <summary>A batch may have a thousand faces: not each of them tries a failing upload.</summary>
    [Theory]
    [InlineData("hangs", true)]
    [InlineData("500", true)]
    [InlineData("403", true)]
    [InlineData("404", true)]
    [InlineData("redirect", true)]
    [InlineData("400", false)]
    [InlineData("413", false)]
    [InlineData("error", false)]
    public async Task Upload_endpoint_failing_pauses_all_uploads_for_an_hour(string kind, bool isGeneral)
    {
        _service.OnUpload(kind switch
        {
            "hangs" => ScriptedResponse.NoResponse,
            "redirect" => ScriptedResponse.Redirect("https://elsewhere.example/"),
            "error" => ScriptedResponse.Error("The image cannot be decoded."),
            "413" => ScriptedResponse.Html(413),
            _ => ScriptedResponse.Error("No.", int.Parse(kind, System.Globalization.CultureInfo.InvariantCulture)),
        });
        FaceImage other = FaceImage.FromBytes(ImageOf(_image.Length + 1));
        Task first = UploadAsync(Face);
        if (kind == "hangs")
        {
            await _service.WaitForCallAsync();
            await _service.Clock.AdvanceAsync(TimeSpan.FromSeconds(31));
        }

        await _service.Clock.RunAsync(DoneAsync(first));
        int before = _service.Uploads.Count;

        _service.OnUpload(ScriptedResponse.Uploaded(Link));
        await UploadAsync(other).WithTimeoutAsync();
        await SubmitAsync(other);
        Assert.Equal(isGeneral ? other.ToApiValue() : Link, Assert.Single(Sent));
        Assert.Equal(before + (isGeneral ? 0 : 1), _service.Uploads.Count);

        await _service.Clock.AdvanceAsync(TimeSpan.FromMinutes(61));
        await SubmitAsync(other);
        Assert.Equal(Link, Sent[^1]);
    }

    [Fact]
    public async Task Upload_long_retry_after_sends_image_inline_until_then()
    {
        _service.OnUpload(ScriptedResponse.QueueFull(120), ScriptedResponse.Uploaded(Link));

        await UploadAsync(Face).WithTimeoutAsync();
        await SubmitAsync();

        Assert.Equal([Inline], Sent);
        Assert.Single(_service.Uploads);

        await _service.Clock.AdvanceAsync(TimeSpan.FromSeconds(121));
        await SubmitAsync();
        Assert.Equal([Inline, Link], Sent);
    }

    /// <summary>The service documents a wait of 30 seconds, which is the timeout of an upload.</summary>
    [Theory]
    [InlineData(30, 1)]
    [InlineData(30, 2)]
    [InlineData(60, 1)]
    public async Task Upload_stated_wait_is_waited_for(int seconds, int refusals)
    {
        _service.OnUpload([.. Enumerable.Repeat(ScriptedResponse.QueueFull(seconds), refusals), ScriptedResponse.Uploaded(Link)]);
        DateTimeOffset start = _service.Clock.GetUtcNow();

        await _service.Clock.RunAsync(DoneAsync(UploadAsync(Face)));
        await SubmitAsync();

        Assert.Equal([Link], Sent);
        Assert.InRange(_service.Clock.GetUtcNow() - start, TimeSpan.FromSeconds(seconds * refusals), TimeSpan.FromSeconds((seconds * refusals) + 5));
    }

    [Theory]
    [InlineData("lost")]
    [InlineData("rate limit")]
    public async Task Upload_fault_that_ends_soon_pauses_uploads_for_a_minute(string kind)
    {
        _service.OnUpload(kind == "lost" ? ScriptedResponse.ConnectionLost : ScriptedResponse.Error("Rate limit exceeded. Try again in 4 seconds."));
        await _service.Clock.RunAsync(DoneAsync(UploadAsync(Face)));
        int before = _service.Uploads.Count;
        FaceImage other = FaceImage.FromBytes(ImageOf(_image.Length + 1));
        _service.OnUpload(ScriptedResponse.Uploaded(Link));

        await SubmitAsync(other);
        Assert.Equal((other.ToApiValue(), before), (Sent[^1], _service.Uploads.Count));

        await _service.Clock.AdvanceAsync(TimeSpan.FromSeconds(61));
        await SubmitAsync(other);
        Assert.Equal(Link, Sent[^1]);
    }

    /// <summary>An account whose calls are limited by rate (Q45) gets few refusals, and each image a link.</summary>
    [Fact]
    public async Task Uploads_refused_by_bare_429s_are_spaced()
    {
        _service.OnUpload([.. Enumerable.Repeat(ScriptedResponse.Empty(429), 3), ScriptedResponse.Uploaded(Link)]);
        FaceImage[] faces = [.. Enumerable.Range(0, 5).Select(number => FaceImage.FromBytes(ImageOf(_image.Length + number)))];
        DateTimeOffset start = _service.Clock.GetUtcNow();

        await _service.Clock.RunAsync(DoneAsync(Task.WhenAll(faces.Select(face => UploadAsync(face)))));
        foreach (FaceImage face in faces) await SubmitAsync(face);

        Assert.Equal(Enumerable.Repeat(Link, 5), Sent);
        Assert.Equal(8, _service.Uploads.Count);
        Assert.InRange(_service.Clock.GetUtcNow() - start, TimeSpan.FromSeconds(2 * 2.2), TimeSpan.FromSeconds(60));
    }

    [Fact]
    public async Task Upload_unreachable_is_retried_by_next_request()
    {
        _service.OnUpload(ScriptedResponse.NotConnected, ScriptedResponse.Uploaded(Link));

        await UploadAsync(Face).WithTimeoutAsync();
        await SubmitAsync();

        Assert.Equal([Link], Sent);
        // The submission reports that the service is unreachable.
        Assert.Single(_service.VerboseMessages);
    }

    public static TheoryData<string, int> Refused => new()
    {
        { """{"status":"error","message":{"face_image":["The face image could not be downloaded."]}}""", 400 },
        { """{"status":"error","message":"Failed to fetch image from url"}""", 200 },
        { """{"status":"error","message":"Face image must be a valid image url"}""", 422 },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task Link_unreadable_is_replaced_by_inline_image(string response, int status)
    {
        _service.OnSubmit(ScriptedResponse.Json(response, status), ScriptedResponse.Success());
        await UploadAsync(Face).WithTimeoutAsync();

        Generation generation = await _service.Clock.RunAsync(_service.GenerateAsync(request: Request(Face)));
        await SubmitAsync();

        Assert.Equal(GenerationStatus.Success, generation.StatusValue);
        // If the service cannot read a new link, it could not read another one either.
        Assert.Equal([Link, Inline, Inline], Sent);
        Assert.Single(_service.Uploads);
    }

    [Fact]
    public async Task Link_failing_early_is_replaced_for_next_request()
    {
        _service.OnUpload(ScriptedResponse.Uploaded(Link), ScriptedResponse.Uploaded(OtherLink));
        await UploadAsync(Face).WithTimeoutAsync();
        await SubmitAsync();
        await _service.Clock.AdvanceAsync(TimeSpan.FromHours(5));
        var refusal = new TaskCompletionSource<ScriptedResponse>();
        _service.OnSubmit(ScriptedResponse.After(refusal.Task), ScriptedResponse.After(refusal.Task), ScriptedResponse.Success());

        Task<Generation[]> both = Task.WhenAll(
            _service.GenerateAsync(request: Request(Face)), _service.GenerateAsync(request: Request(Face)));
        for (int call = 0; call < 4; call++) await _service.WaitForCallAsync();
        refusal.SetResult(ScriptedResponse.Error("The face image could not be read.", 400));
        await _service.Clock.RunAsync(both);
        await SubmitAsync();

        Assert.Equal([Link, Link, Link, Inline, Inline, OtherLink], Sent);
    }

    /// <summary>A message about the link may mean the image: then the inline image is refused too.</summary>
    [Fact]
    public async Task Link_with_refused_image_is_kept_for_others()
    {
        _service.OnSubmit(ScriptedResponse.Error("The webhook must be a valid URL.", 400), ScriptedResponse.Error("The webhook must be a valid URL.", 400), ScriptedResponse.Success());
        await UploadAsync(Face).WithTimeoutAsync();

        FaceGenException fault = await TaskAssertions.GetErrorAsync(_service.Clock.RunAsync(_service.GenerateAsync(request: Request(Face))));
        await SubmitAsync();

        Assert.Equal(ErrorCode.RequestRefused, fault.Code);
        Assert.Equal([Link, Inline, Link], Sent);
        Assert.Single(_service.Uploads);
    }

    [Theory]
    [InlineData(400, """{"status":"error","message":"The prompt is too long."}""")]
    [InlineData(400, "<html>image download</html>")]
    [InlineData(404, """{"status":"processing","message":"Request processing: fetch the image later."}""")]
    [InlineData(400, """{"status":"success","message":"Download the image within a day.","output":["https://cdn.example/1.png"]}""")]
    [InlineData(400, """{"message":"The image can be downloaded later.","future_links":["https://cdn.example/1.png"]}""")]
    public async Task Link_other_refusal_is_final(int status, string body)
    {
        _service.OnSubmit(ScriptedResponse.Json(body, status));
        await UploadAsync(Face).WithTimeoutAsync();

        FaceGenException fault = await TaskAssertions.GetErrorAsync(_service.GenerateAsync(request: Request(Face)).WithTimeoutAsync());

        Assert.Equal(ErrorCode.RequestRefused, fault.Code);
        Assert.Single(_service.Submissions);
    }

    [Theory]
    [InlineData(500, """{"status":"error","message":"The face image could not be downloaded."}""")]
    [InlineData(502, """{"message":"The face image could not be downloaded."}""")]
    [InlineData(200, """{"message":"The face image could not be downloaded."}""")]
    public async Task Link_submission_maybe_accepted_is_not_sent_again(int status, string body)
    {
        _service.OnSubmit(ScriptedResponse.Json(body, status));
        await UploadAsync(Face).WithTimeoutAsync();

        FaceGenException fault = await TaskAssertions.GetErrorAsync(_service.GenerateAsync(request: Request(Face)).WithTimeoutAsync());

        Assert.Equal(ErrorCode.SubmissionUncertain, fault.Code);
        Assert.Single(_service.Submissions);
    }

    [Fact]
    public async Task Link_failure_with_id_is_not_sent_again()
    {
        _service.OnSubmit(ScriptedResponse.Json("""{"status":"failed","id":5,"message":"The face image could not be downloaded."}"""));
        await UploadAsync(Face).WithTimeoutAsync();

        Generation generation = await _service.GenerateAsync(request: Request(Face)).WithTimeoutAsync();

        Assert.Equal(GenerationStatus.Failed, generation.StatusValue);
        Assert.Single(_service.Submissions);
    }

    /// <summary>The service may have started, and charged, a generation that it reports as failed (Q39).</summary>
    [Fact]
    public async Task Link_failure_without_id_is_not_sent_again()
    {
        _service.OnSubmit(ScriptedResponse.Json("""{"status":"failed","id":"","message":"Failed to download the image, Try Again","output":""}"""));
        await UploadAsync(Face).WithTimeoutAsync();

        FaceGenException fault = await TaskAssertions.GetErrorAsync(_service.GenerateAsync(request: Request(Face)).WithTimeoutAsync());

        Assert.Equal(ErrorCode.GenerationFailed, fault.Code);
        Assert.Single(_service.Submissions);
    }

    [Fact]
    public async Task Link_of_user_is_not_replaced()
    {
        _service.OnSubmit(ScriptedResponse.Error("The face image could not be downloaded.", 400));

        FaceGenException fault = await TaskAssertions.GetErrorAsync(_service.GenerateAsync().WithTimeoutAsync());

        Assert.Equal(ErrorCode.RequestRefused, fault.Code);
    }

    [Fact]
    public async Task File_changed_since_upload_is_not_sent()
    {
        string path = _folder.PathOf("face.png");
        await File.WriteAllBytesAsync(path, _image);
        var refusal = new TaskCompletionSource<ScriptedResponse>();
        _service.OnSubmit(ScriptedResponse.After(refusal.Task));
        FaceImage face = FaceImage.FromFile(path);
        await UploadAsync(face).WithTimeoutAsync();
        Task<Generation> request = _service.GenerateAsync(request: Request(face));
        await _service.WaitForCallAsync();
        await _service.WaitForCallAsync();

        await File.WriteAllBytesAsync(path, ImageOf(_image.Length + 1));
        refusal.SetResult(ScriptedResponse.Error("The face image could not be downloaded.", 400));
        FaceGenException fault = await TaskAssertions.GetErrorAsync(request.WithTimeoutAsync());

        Assert.Equal(ErrorCode.FaceImageInvalid, fault.Code);
        Assert.Single(_service.Submissions);
        Assert.Equal(0, _service.Account.Slots.InUse);
    }

    [Fact]
    public async Task Upload_sends_key_in_body_only()
    {
        _service.OnUpload(ScriptedResponse.Error($"Bad key {FakeService.Key}", 400));
        await UploadAsync(Face).WithTimeoutAsync();
        await SubmitAsync();

        Assert.DoesNotContain(_service.VerboseMessages, line => line.Contains(FakeService.Key, StringComparison.Ordinal));
        Assert.All(_service.Calls, call => Assert.Equal(_service.Root.Host, call.Address.Host));
    }

    private Task<Generation> SubmitAsync(FaceImage? face = null) => _service.GenerateAsync(request: Request(face ?? Face)).WithTimeoutAsync();

    private Task<FaceImageValue> UploadAsync(FaceImage face, CancellationToken cancellationToken = default) =>
        _service.Generator.GetFaceAsync(Request(face), new GenerateOptions(), cancellationToken);

    private static async Task<bool> DoneAsync(Task task)
    {
        await task;
        return true;
    }

    private static Request Request(FaceImage face) => FakeService.Request() with { FaceImage = face };

    private static byte[] ImageOf(int length) => [.. TestImages.Portrait, .. new byte[length - TestImages.Portrait.Length]];

    private static string Field(Call call, string name)
    {
        using JsonDocument body = JsonDocument.Parse(call.Body);
        return body.RootElement.GetProperty(name).GetString()!;
    }
}
