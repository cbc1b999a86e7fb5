using System.Text.Json;
using FaceGen.Contract;
using FaceGen.Core.Tests.Support;
using FaceGen.Generating;
using FaceGen.Http;

namespace FaceGen.Core.Tests.Generating;

public sealed class FaceUploadsTests : IDisposable
{
    private const string Link = "https://files.example/face.png";
    private const string OtherLink = "https://files.example/other.png";

    private readonly FakeService _service = new();
    private readonly TemporaryFolder _folder = new();
    private readonly byte[] _image = ImageOf(FaceUploads.LeastBytes);

    public FaceUploadsTests() => _service.OnUpload(Answer.Uploaded(Link)).OnSubmit(Answer.Success());

    private FaceImage Face => FaceImage.FromBytes(_image);

    private string InPlace => "data:image/png;base64," + Convert.ToBase64String(_image);

    /// <summary>What each submission carried as its face image.</summary>
    private IReadOnlyList<string> Sent => [.. _service.Submissions.Select(call => Field(call, "face_image"))];

    public void Dispose()
    {
        _service.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task An_image_is_sent_in_place_once_and_uploaded_for_the_second_request()
    {
        for (int i = 0; i < 3; i++) await SubmitAsync();

        Assert.Equal([InPlace, Link, Link], Sent);
        Call upload = Assert.Single(_service.Uploads);
        Assert.Equal(new Uri(_service.Root, "api/v6/base64_to_url"), upload.Address);
        Assert.Equal((FakeService.Key, InPlace), (Field(upload, "key"), Field(upload, "base64_string")));
        Assert.Equal($"The face image '{Face}' was uploaded: its link serves all requests that use it.", Assert.Single(_service.Told));
    }

    [Fact]
    public async Task An_image_that_is_known_to_be_shared_is_never_sent_in_place()
    {
        string path = _folder.PathOf("face.png");
        await File.WriteAllBytesAsync(path, _image);
        await _service.Generator.UploadAsync(Face, default).GuardAsync();

        await SubmitAsync();
        await SubmitAsync(FaceImage.FromFile(path));

        Assert.Equal([Link, Link], Sent);
        Assert.Single(_service.Uploads);
    }

    [Fact]
    public async Task Requests_at_the_same_time_share_one_upload()
    {
        var answer = new TaskCompletionSource<Answer>();
        _service.OnUpload(Answer.Held(answer.Task));
        Task upload = _service.Generator.UploadAsync(Face, default);

        Task<Generation>[] requests = [.. Enumerable.Range(0, 5).Select(_ => _service.GenerateAsync(request: Request(Face)))];
        answer.SetResult(Answer.Uploaded(Link));
        await Task.WhenAll([upload, .. requests]).GuardAsync();

        Assert.Single(_service.Uploads);
        Assert.Equal(Enumerable.Repeat(Link, 5), Sent);
    }

    [Fact]
    public async Task An_upload_under_way_is_kept_however_many_others_there_are()
    {
        var answer = new TaskCompletionSource<Answer>();
        _service.OnUpload(Answer.Held(answer.Task), Answer.Uploaded(OtherLink));
        Task upload = _service.Generator.UploadAsync(Face, default);
        await _service.ArrivalAsync();
        for (int number = 1; number <= 1024; number++)
            await _service.Generator.UploadAsync(FaceImage.FromBytes([.. _image, .. BitConverter.GetBytes(number)]), default).GuardAsync();

        answer.SetResult(Answer.Uploaded(Link));
        await upload.GuardAsync();
        await SubmitAsync();

        Assert.Equal([Link], Sent);
        Assert.Equal(1025, _service.Uploads.Count);
    }

    [Fact]
    public async Task Who_stops_waiting_for_an_upload_does_not_end_it_for_the_others()
    {
        var answer = new TaskCompletionSource<Answer>();
        _service.OnUpload(Answer.Held(answer.Task));
        using var stop = new CancellationTokenSource();
        Task first = _service.Generator.UploadAsync(Face, stop.Token);
        Task<Generation> stopped = _service.GenerateAsync(request: Request(Face), cancel: stop.Token);
        Task<Generation> other = _service.GenerateAsync(request: Request(Face));
        await _service.ArrivalAsync();

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first.GuardAsync());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stopped.GuardAsync());
        answer.SetResult(Answer.Uploaded(Link));
        await other.GuardAsync();

        Assert.Single(_service.Uploads);
        Assert.Equal([Link], Sent);
        Assert.Equal(0, _service.Account.Slots.Taken);
    }

    [Fact]
    public async Task A_connection_that_is_ended_leaves_its_upload_to_the_others()
    {
        var answer = new TaskCompletionSource<Answer>();
        _service.OnUpload(Answer.Held(answer.Task));
        Task upload = _service.Generator.UploadAsync(Face, default);
        await _service.ArrivalAsync();

        _service.Connection.Dispose();
        using Connection other = _service.Connect();
        Task<FaceText> text = _service.Account.Faces.TextAsync(other, Face, new GenerateOptions(), null, default);
        answer.SetResult(Answer.Uploaded(Link));
        await upload.GuardAsync();

        Assert.Equal(Link, (await text.GuardAsync()).Text);
        Assert.Single(_service.Uploads);
    }

    [Fact]
    public async Task A_time_that_is_over_before_the_upload_has_ended_costs_nothing()
    {
        _service.OnUpload(Answer.Silence);
        Task upload = _service.Generator.UploadAsync(Face, default);
        await _service.ArrivalAsync();
        Task<Generation> request = _service.GenerateAsync(timeout: TimeSpan.FromSeconds(5), request: Request(Face));

        await _service.Clock.PassAsync(TimeSpan.FromSeconds(5));
        FaceGenException fault = await Signals.FailureAsync(request.GuardAsync());

        Assert.Equal(ErrorCode.ServiceBusy, fault.Code);
        Assert.Equal("The service accepted nothing within 5 seconds, and nothing was paid for: the face image was still being uploaded.", fault.Message);
        Assert.False(upload.IsCompleted);
        Assert.Empty(_service.Submissions);
        Assert.Equal(0, _service.Account.Slots.Taken);
    }

    [Fact]
    public async Task Links_and_small_images_and_what_is_not_to_be_uploaded_are_not()
    {
        FaceImage small = FaceImage.FromBytes(ImageOf(FaceUploads.LeastBytes - 1));
        FaceImage link = FakeService.Request().FaceImage;
        await _service.Generator.UploadAsync(small, default).GuardAsync();
        await _service.Generator.UploadAsync(link, default).GuardAsync();
        for (int i = 0; i < 2; i++)
        {
            await SubmitAsync(small);
            await SubmitAsync(link);
            await _service.GenerateAsync(request: Request(Face), upload: false).GuardAsync();
        }

        Assert.Empty(_service.Uploads);
        Assert.Equal(2, Sent.Count(sent => sent == link.Link!.AbsoluteUri));
        Assert.Equal(2, Sent.Count(sent => sent == InPlace));
    }

    [Fact]
    public async Task A_link_is_renewed_before_its_24_hours_are_over()
    {
        _service.OnUpload(Answer.Uploaded(Link), Answer.Uploaded(OtherLink));
        await _service.Generator.UploadAsync(Face, default).GuardAsync();
        await _service.Clock.PassAsync(TimeSpan.FromHours(21.9));
        await SubmitAsync();
        await _service.Clock.PassAsync(TimeSpan.FromHours(0.2));
        await SubmitAsync();

        Assert.Equal([Link, OtherLink], Sent);
        Assert.Equal(2, _service.Uploads.Count);
    }

    public static TheoryData<string> Refusals =>
    [
        "400", "401", "402", "403", "404", "413", "error", "html", "empty", "no output", "no link", "ftp", "script", "too long", "processing", "redirect",
    ];

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task Where_an_upload_is_refused_the_image_is_sent_in_place_and_nobody_asks_again_for_an_hour(string kind)
    {
        _service.OnUpload(kind switch
        {
            "error" => Answer.Error("Nobody may upload."),
            "html" => Answer.Html(200),
            "empty" => Answer.Empty(),
            "no output" => Answer.Json("""{"status":"success","id":9}"""),
            "no link" => Answer.Uploaded("face.png"),
            "ftp" => Answer.Uploaded("ftp://files.example/face.png"),
            "script" => Answer.Uploaded("javascript:alert(1)"),
            "too long" => Answer.Uploaded(Link + new string('x', 2048)),
            "processing" => Answer.Processing(),
            "redirect" => Answer.Redirect("https://elsewhere.example/"),
            _ => Answer.Error("Nobody may upload.", int.Parse(kind, System.Globalization.CultureInfo.InvariantCulture)),
        }, Answer.Uploaded(Link));
        await _service.Generator.UploadAsync(Face, default).GuardAsync();
        await SubmitAsync();
        await _service.Clock.PassAsync(TimeSpan.FromMinutes(59));
        await SubmitAsync();

        Assert.Equal([InPlace, InPlace], Sent);
        Assert.Single(_service.Uploads);
        Assert.EndsWith("): it is sent with each request.", Assert.Single(_service.Told), StringComparison.Ordinal);
        Assert.Empty(_service.Warned);

        await _service.Clock.PassAsync(TimeSpan.FromMinutes(2));
        await SubmitAsync();
        Assert.Equal(Link, Sent[^1]);
    }

    public static TheoryData<string> Passing => ["500", "503", "502", "lost", "429", "rate limit"];

    [Theory]
    [MemberData(nameof(Passing))]
    public async Task An_upload_is_tried_again_where_that_may_help(string kind)
    {
        _service.OnUpload(kind switch
        {
            "500" => Answer.Error("Server error", 500),
            "503" => Answer.Error("Server busy", 503),
            "502" => Answer.Html(),
            "lost" => Answer.Lost,
            "429" => Answer.Empty(429).WithRetryAfter(TimeSpan.FromSeconds(7)),
            _ => Answer.Error("Rate limit exceeded. Try again in 7 seconds."),
        }, Answer.Uploaded(Link));
        DateTimeOffset start = _service.Clock.GetUtcNow();

        await _service.Clock.RunAsync(DoneAsync(_service.Generator.UploadAsync(Face, default)));
        await SubmitAsync();

        Assert.Equal([Link], Sent);
        Assert.Equal(2, _service.Uploads.Count);
        double waited = kind is "429" or "rate limit" ? 7 : 0.5;
        Assert.Equal(TimeSpan.FromSeconds(waited), _service.Clock.GetUtcNow() - start);
        Assert.EndsWith(FormattableString.Invariant($"): trying again in {waited:0.0} seconds."), _service.Told.First(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_upload_that_goes_on_failing_is_given_up_soon()
    {
        _service.OnUpload(Answer.Error("Server error", 500));
        DateTimeOffset start = _service.Clock.GetUtcNow();

        await _service.Clock.RunAsync(DoneAsync(_service.Generator.UploadAsync(Face, default)));
        int uploads = _service.Uploads.Count;
        await SubmitAsync();

        Assert.InRange(_service.Clock.GetUtcNow() - start, TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(30));
        Assert.Equal([InPlace], Sent);
        Assert.Equal(uploads, _service.Uploads.Count);
    }

    /// <summary>Requests stand in slots meanwhile, and have a time of their own.</summary>
    [Fact]
    public async Task An_upload_that_hangs_is_given_up_soon_though_a_slow_line_has_its_time()
    {
        _service.OnUpload(Answer.Silence);
        FaceImage large = FaceImage.FromBytes(ImageOf(3 * 1024 * 1024));
        Task small = _service.Generator.UploadAsync(Face, default), slow = _service.Generator.UploadAsync(large, default);
        Task<Generation> request = _service.GenerateAsync(timeout: TimeSpan.FromSeconds(60), request: Request(Face));
        await _service.ArrivalAsync();
        await _service.ArrivalAsync();

        await _service.Clock.PassAsync(TimeSpan.FromSeconds(31));
        await small.GuardAsync();
        Assert.Equal(GenerationStatus.Success, (await request.GuardAsync()).Status);
        Assert.False(slow.IsCompleted);
        await _service.Clock.PassAsync(TimeSpan.FromSeconds(64));
        await slow.GuardAsync();
        await SubmitAsync(large);

        Assert.Equal([InPlace, large.ToWireText()], Sent);
        Assert.Equal(2, _service.Uploads.Count);
        Assert.All(_service.Told, line => Assert.EndsWith("seconds): it is sent with each request.", line, StringComparison.Ordinal));
    }

    /// <summary>A batch may have a thousand faces: not each of them is to find out by itself.</summary>
    [Theory]
    [InlineData("hangs", true)]
    [InlineData("500", true)]
    [InlineData("403", true)]
    [InlineData("404", true)]
    [InlineData("redirect", true)]
    [InlineData("400", false)]
    [InlineData("413", false)]
    [InlineData("error", false)]
    public async Task Where_uploading_itself_does_not_work_no_other_image_tries_for_an_hour(string kind, bool isGeneral)
    {
        _service.OnUpload(kind switch
        {
            "hangs" => Answer.Silence,
            "redirect" => Answer.Redirect("https://elsewhere.example/"),
            "error" => Answer.Error("The image cannot be decoded."),
            "413" => Answer.Html(413),
            _ => Answer.Error("No.", int.Parse(kind, System.Globalization.CultureInfo.InvariantCulture)),
        });
        FaceImage other = FaceImage.FromBytes(ImageOf(_image.Length + 1));
        Task first = _service.Generator.UploadAsync(Face, default);
        if (kind == "hangs")
        {
            await _service.ArrivalAsync();
            await _service.Clock.PassAsync(TimeSpan.FromSeconds(31));
        }

        await _service.Clock.RunAsync(DoneAsync(first));
        int before = _service.Uploads.Count;

        _service.OnUpload(Answer.Uploaded(Link));
        await _service.Generator.UploadAsync(other, default).GuardAsync();
        await SubmitAsync(other);
        Assert.Equal(isGeneral ? other.ToWireText() : Link, Assert.Single(Sent));
        Assert.Equal(before + (isGeneral ? 0 : 1), _service.Uploads.Count);

        await _service.Clock.PassAsync(TimeSpan.FromMinutes(61));
        await SubmitAsync(other);
        Assert.Equal(Link, Sent[^1]);
    }

    [Fact]
    public async Task A_service_that_asks_for_a_long_wait_gets_the_image_in_place()
    {
        _service.OnUpload(Answer.QueueFull(60));

        await _service.Generator.UploadAsync(Face, default).GuardAsync();
        await SubmitAsync();

        Assert.Equal([InPlace], Sent);
        Assert.Single(_service.Uploads);
    }

    [Fact]
    public async Task A_service_that_was_not_reached_is_asked_again_by_the_next_request()
    {
        _service.OnUpload(Answer.NotConnected, Answer.Uploaded(Link));

        await _service.Generator.UploadAsync(Face, default).GuardAsync();
        await SubmitAsync();

        Assert.Equal([Link], Sent);
        // The submission tells of a service that cannot be reached.
        Assert.Single(_service.Told);
    }

    public static TheoryData<string, int> NotTaken => new()
    {
        { """{"status":"error","message":{"face_image":["The face image could not be downloaded."]}}""", 400 },
        { """{"status":"error","message":"Failed to fetch image from url"}""", 200 },
        { """{"status":"error","message":"Face image must be a valid image url"}""", 422 },
    };

    [Theory]
    [MemberData(nameof(NotTaken))]
    public async Task A_link_that_the_service_does_not_take_is_replaced_by_the_image(string answer, int status)
    {
        _service.OnSubmit(Answer.Json(answer, status), Answer.Success());
        await _service.Generator.UploadAsync(Face, default).GuardAsync();

        Generation generation = await _service.Clock.RunAsync(_service.GenerateAsync(request: Request(Face)));
        await SubmitAsync();

        Assert.Equal(GenerationStatus.Success, generation.Status);
        // A fresh link that is not taken tells that no other would be.
        Assert.Equal([Link, InPlace, InPlace], Sent);
        Assert.Single(_service.Uploads);
    }

    [Fact]
    public async Task Where_a_link_stops_working_early_the_next_request_has_another()
    {
        _service.OnUpload(Answer.Uploaded(Link), Answer.Uploaded(OtherLink));
        await _service.Generator.UploadAsync(Face, default).GuardAsync();
        await SubmitAsync();
        await _service.Clock.PassAsync(TimeSpan.FromHours(5));
        var refusal = new TaskCompletionSource<Answer>();
        _service.OnSubmit(Answer.Held(refusal.Task), Answer.Held(refusal.Task), Answer.Success());

        Task<Generation[]> both = Task.WhenAll(
            _service.GenerateAsync(request: Request(Face)), _service.GenerateAsync(request: Request(Face)));
        for (int call = 0; call < 4; call++) await _service.ArrivalAsync();
        refusal.SetResult(Answer.Error("The face image could not be read.", 400));
        await _service.Clock.RunAsync(both);
        await SubmitAsync();

        Assert.Equal([Link, Link, Link, InPlace, InPlace, OtherLink], Sent);
    }

    /// <summary>Words that sound as if they were about the link need not be: an image that is refused as well tells so.</summary>
    [Fact]
    public async Task Where_the_image_is_refused_too_the_link_serves_the_other_requests()
    {
        _service.OnSubmit(Answer.Error("The webhook must be a valid URL.", 400), Answer.Error("The webhook must be a valid URL.", 400), Answer.Success());
        await _service.Generator.UploadAsync(Face, default).GuardAsync();

        FaceGenException fault = await Signals.FailureAsync(_service.Clock.RunAsync(_service.GenerateAsync(request: Request(Face))));
        await SubmitAsync();

        Assert.Equal(ErrorCode.RequestRefused, fault.Code);
        Assert.Equal([Link, InPlace, Link], Sent);
        Assert.Single(_service.Uploads);
    }

    [Theory]
    [InlineData(400, """{"status":"error","message":"The prompt is too long."}""")]
    [InlineData(400, "<html>image download</html>")]
    [InlineData(404, """{"status":"processing","message":"Request processing: fetch the image later."}""")]
    [InlineData(400, """{"status":"success","message":"Download the image within a day.","output":["https://cdn.example/1.png"]}""")]
    [InlineData(400, """{"message":"The image can be downloaded later.","future_links":["https://cdn.example/1.png"]}""")]
    public async Task Any_other_refusal_is_final(int status, string body)
    {
        _service.OnSubmit(Answer.Json(body, status));
        await _service.Generator.UploadAsync(Face, default).GuardAsync();

        FaceGenException fault = await Signals.FailureAsync(_service.GenerateAsync(request: Request(Face)).GuardAsync());

        Assert.Equal(ErrorCode.RequestRefused, fault.Code);
        Assert.Single(_service.Submissions);
    }

    [Theory]
    [InlineData(500, """{"status":"error","message":"The face image could not be downloaded."}""")]
    [InlineData(502, """{"message":"The face image could not be downloaded."}""")]
    [InlineData(200, """{"message":"The face image could not be downloaded."}""")]
    public async Task Nothing_is_sent_again_that_may_have_been_accepted(int status, string body)
    {
        _service.OnSubmit(Answer.Json(body, status));
        await _service.Generator.UploadAsync(Face, default).GuardAsync();

        FaceGenException fault = await Signals.FailureAsync(_service.GenerateAsync(request: Request(Face)).GuardAsync());

        Assert.Equal(ErrorCode.SubmissionUncertain, fault.Code);
        Assert.Single(_service.Submissions);
    }

    [Fact]
    public async Task A_failure_with_an_id_was_accepted_and_is_not_sent_again()
    {
        _service.OnSubmit(Answer.Json("""{"status":"failed","id":5,"message":"The face image could not be downloaded."}"""));
        await _service.Generator.UploadAsync(Face, default).GuardAsync();

        Generation generation = await _service.GenerateAsync(request: Request(Face)).GuardAsync();

        Assert.Equal(GenerationStatus.Failed, generation.Status);
        Assert.Single(_service.Submissions);
    }

    [Fact]
    public async Task A_link_of_the_caller_s_own_is_not_replaced()
    {
        _service.OnSubmit(Answer.Error("The face image could not be downloaded.", 400));

        FaceGenException fault = await Signals.FailureAsync(_service.GenerateAsync().GuardAsync());

        Assert.Equal(ErrorCode.RequestRefused, fault.Code);
    }

    [Fact]
    public async Task A_file_that_has_changed_since_its_upload_is_not_sent_in_its_place()
    {
        string path = _folder.PathOf("face.png");
        await File.WriteAllBytesAsync(path, _image);
        var refusal = new TaskCompletionSource<Answer>();
        _service.OnSubmit(Answer.Held(refusal.Task));
        FaceImage face = FaceImage.FromFile(path);
        await _service.Generator.UploadAsync(face, default).GuardAsync();
        Task<Generation> request = _service.GenerateAsync(request: Request(face));
        await _service.ArrivalAsync();
        await _service.ArrivalAsync();

        await File.WriteAllBytesAsync(path, ImageOf(_image.Length + 1));
        refusal.SetResult(Answer.Error("The face image could not be downloaded.", 400));
        FaceGenException fault = await Signals.FailureAsync(request.GuardAsync());

        Assert.Equal(ErrorCode.FaceImageInvalid, fault.Code);
        Assert.Single(_service.Submissions);
        Assert.Equal(0, _service.Account.Slots.Taken);
    }

    [Fact]
    public async Task The_key_goes_with_the_upload_and_nowhere_else()
    {
        _service.OnUpload(Answer.Error($"Bad key {FakeService.Key}", 400));
        await _service.Generator.UploadAsync(Face, default).GuardAsync();
        await SubmitAsync();

        Assert.DoesNotContain(_service.Told, line => line.Contains(FakeService.Key, StringComparison.Ordinal));
        Assert.All(_service.Calls, call => Assert.Equal(_service.Root.Host, call.Address.Host));
    }

    private Task<Generation> SubmitAsync(FaceImage? face = null) => _service.GenerateAsync(request: Request(face ?? Face)).GuardAsync();

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
