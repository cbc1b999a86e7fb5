using System.IO.Compression;
using System.Net.Http.Headers;
using System.Text;
using FaceGen.Core.Tests.Support;
using FaceGen.Http;
using FaceGen.Saving;

namespace FaceGen.Core.Tests.Saving;

/// <summary>Tests images that are compressed, or labeled as compressed.</summary>
public sealed class EncodedDownloadTests : IDisposable
{
    private const string Link = "https://cdn.example/1.png";

    private static readonly byte[] Image = TestImages.Portrait;

    private readonly FakeService _service = new();

    public void Dispose() => _service.Dispose();

    [Fact]
    public async Task Requests_ask_for_identity_encoding()
    {
        _service.OnLink(Link, ScriptedResponse.Image(Image)).OnSubmit(ScriptedResponse.Success());

        await DownloadAsync();
        await _service.Connection.Api.PostAsync(_service.Connection.Address.Generate, null, default);

        Assert.All(_service.Calls, call => Assert.Contains("Accept-Encoding: identity", call.Headers, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    [InlineData("deflate")]
    [InlineData("zstd")]
    [InlineData("gzip, br")]
    [InlineData("nonsense")]
    public async Task Image_falsely_labeled_as_encoded_is_accepted(string label)
    {
        _service.OnLink(Link, Labeled(ScriptedResponse.Image(Image), label));

        Assert.Equal(Image, (await DownloadAsync()).Bytes.ToArray());
        Assert.Single(_service.Calls);
    }

    public static TheoryData<string, string> PackedAndLabeled
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (string packing in (string[])["gzip", "zlib", "deflate", "br", "gzip+gzip", "br+gzip"])
            {
                foreach (string label in (string[])["", "gzip", "br", "deflate", "identity"]) data.Add(packing, label);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(PackedAndLabeled))]
    public async Task Image_compressed_with_any_label_is_decompressed(string packing, string label)
    {
        _service.OnLink(Link, Labeled(ScriptedResponse.Image(Pack(Image, packing)), label));

        Assert.Equal(Image, (await DownloadAsync()).Bytes.ToArray());
        Assert.Single(_service.Calls);
    }

    [Fact]
    public async Task Base64_text_compressed_is_decompressed()
    {
        byte[] text = Encoding.ASCII.GetBytes(Convert.ToBase64String(Image));
        _service.OnLink(Link, ScriptedResponse.Bytes(Pack(text, "gzip"), "text/plain"));

        Assert.Equal(Image, (await DownloadAsync()).Bytes.ToArray());
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    [InlineData("deflate")]
    public async Task Page_compressed_is_refused(string packing)
    {
        byte[] page = Encoding.ASCII.GetBytes("<html>" + new string('x', 5000) + "</html>");
        _service.OnLink(Link, Labeled(ScriptedResponse.Bytes(Pack(page, packing), "text/html"), packing));

        FaceGenException error = await TaskAssertions.GetErrorAsync(DownloadAsync(TimeSpan.FromSeconds(10)));

        Assert.Equal(ErrorCode.ImageInvalid, error.Code);
        Assert.Contains($"Content-Encoding: {packing}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Archive_decompressing_without_end_is_refused()
    {
        // 256 MB of zeros after the first bytes of an image.
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(Image.AsSpan(0, 40));
            byte[] zeros = new byte[1 << 20];
            for (int i = 0; i < 256; i++) gzip.Write(zeros);
        }

        _service.OnLink(Link, ScriptedResponse.Image(packed.ToArray()));

        Assert.Equal(ErrorCode.ImageInvalid, (await TaskAssertions.GetErrorAsync(DownloadAsync(TimeSpan.FromSeconds(5)))).Code);
    }

    [Fact]
    public async Task Base64_text_without_end_is_refused()
    {
        _service.OnLink(Link, ScriptedResponse.Stream(Encoding.ASCII.GetBytes(new string('A', (32 * 1024 * 1024) + 1))));

        FaceGenException error = await TaskAssertions.GetErrorAsync(DownloadAsync(TimeSpan.FromSeconds(2)));

        Assert.Contains("The body is longer than 32 MB", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    public async Task Encoded_body_that_was_cut_is_never_resumed(string label)
    {
        byte[] packed = Pack(Image, label);
        _service.OnLink(Link, Labeled(ScriptedResponse.Stream(packed[..100], packed.Length).WithTag("\"v1\""), label), Labeled(ScriptedResponse.Image(packed), label));

        Assert.Equal(Image, (await DownloadAsync()).Bytes.ToArray());
        Assert.DoesNotContain("Range", _service.Calls[1].Headers, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("encoded")]
    [InlineData("another length")]
    [InlineData("another date")]
    [InlineData("no tag")]
    [InlineData("other bytes")]
    public async Task Continuation_that_does_not_fit_starts_from_zero(string continuation)
    {
        DateTimeOffset date = _service.Clock.GetUtcNow();
        ScriptedResponse part = ScriptedResponse.Bytes(Image[100..], "image/png", 206);
        ScriptedResponse second = continuation switch
        {
            "encoded" => Labeled(part.WithTag("\"v1\"").WithRange(100, Image.Length - 1), "gzip"),
            "another length" => Changed(part.WithTag("\"v1\""), response => response.Content.Headers.ContentRange = new ContentRangeHeaderValue(100, Image.Length - 1, Image.Length + 7)),
            "another date" => Changed(part.WithTag("\"v1\"").WithRange(100, Image.Length - 1), response => response.Content.Headers.LastModified = date.AddSeconds(1)),
            "no tag" => part.WithRange(100, Image.Length - 1),
            _ => ScriptedResponse.Bytes(new byte[Image.Length - 100], "image/png", 206).WithTag("\"v1\"").WithRange(100, Image.Length - 1),
        };
        ScriptedResponse first = Changed(ScriptedResponse.Stream(Image[..100], Image.Length).WithTag("\"v1\""), response => response.Content.Headers.LastModified = date);
        _service.OnLink(Link, first, second, ScriptedResponse.Image(Image));

        Assert.Equal(Image, (await DownloadAsync()).Bytes.ToArray());
        Assert.Contains("If-Range: \"v1\"", _service.Calls[1].Headers, StringComparison.Ordinal);
        Assert.DoesNotContain("Range", _service.Calls[2].Headers, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("gzip", "gzip")]
    [InlineData("br", "br")]
    [InlineData("deflate", "deflate")]
    [InlineData("zlib", "deflate")]
    [InlineData("gzip", "")]
    [InlineData("", "gzip")]
    [InlineData("", "br")]
    public async Task Response_with_any_encoding_label_is_read(string packing, string label)
    {
        byte[] json = """{"status":"processing","id":4711,"eta":2}"""u8.ToArray();
        _service.OnSubmit(Labeled(ScriptedResponse.Bytes(packing.Length == 0 ? json : Pack(json, packing), "application/json"), label));

        ApiResult result = await _service.Connection.Api.PostAsync(_service.Connection.Address.Generate, null, default).WithTimeoutAsync();

        Assert.Equal("4711", result.Response?.Id);
        Assert.IsType<Outcome.Pending>(OutcomeClassifier.ClassifySubmission(result));
    }

    [Fact]
    public async Task Key_inside_a_compressed_response_is_masked()
    {
        byte[] json = Encoding.ASCII.GetBytes($$"""{"status":"error","message":"Invalid API key {{FakeService.Key}}!"}""");
        _service.OnSubmit(ScriptedResponse.Bytes(Pack(json, "gzip"), "application/json", 401));

        ApiResult result = await _service.Connection.Api.PostAsync(_service.Connection.Address.Generate, null, default).WithTimeoutAsync();

        Assert.Equal("HTTP 401: Invalid API key ***!", result.Describe());
    }

    private static ScriptedResponse Labeled(ScriptedResponse scripted, string label) => label.Length == 0 ? scripted
        : Changed(scripted, response => response.Content.Headers.TryAddWithoutValidation("Content-Encoding", label));

    private static ScriptedResponse Changed(ScriptedResponse scripted, Action<HttpResponseMessage> change) => scripted with
    {
        Give = async cancel =>
        {
            HttpResponseMessage response = await scripted.Give(cancel);
            change(response);
            return response;
        },
    };

    private static byte[] Pack(byte[] bytes, string packing) => packing.Split('+').Aggregate(bytes, (content, way) =>
    {
        using var packed = new MemoryStream();
        using (Stream stream = way switch
        {
            "gzip" => new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true),
            "zlib" => new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true),
            "deflate" => new DeflateStream(packed, CompressionLevel.Fastest, leaveOpen: true),
            _ => new BrotliStream(packed, CompressionLevel.Fastest, leaveOpen: true),
        }) stream.Write(content);
        return packed.ToArray();
    });

    private Task<CheckedImage> DownloadAsync(TimeSpan? timeout = null) => _service.Clock.RunAsync(ImageDownloader.DownloadAsync(
        _service.Connection,
        new Generation { Id = "1", StatusValue = GenerationStatus.Success, CreatedAt = _service.Clock.GetUtcNow(), Images = [Link] },
        0, new MemoryStream(), timeout ?? TimeSpan.FromMinutes(10), null, default));
}
