using System.Globalization;
using FaceGen.Batches.Ledgers;
using FaceGen.Batches.Tests.Requests;
using FaceGen.Contract;
using FaceGen.Core.Tests.Support;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;

namespace FaceGen.Batches.Tests.Ledgers;

/// <summary>The hash of a request, and its serialization in the ledger.</summary>
public sealed class RequestSerializerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly RequestSerializer _text = new();

    private static Request Plain => FakeService.Request();

    public void Dispose() => _folder.Dispose();

    [Property(Arbitrary = [typeof(Requests)])]
    public void Request_serialized_and_read_is_equal(Request request)
    {
        InputRow row = _text.ToInputRow(request);

        Request read = Read(row, request.Source);

        Assert.Equal(request.FaceImage.Link, read.FaceImage.Link);
        Assert.Equal(request with { FaceImage = read.FaceImage }, read);
        Assert.Equal(row with { FaceBytes = null }, _text.ToInputRow(read) with { FaceBytes = null });
    }

    [Property(Arbitrary = [typeof(Requests)])]
    public void Hash_is_equal_only_for_equal_requests(Request one, Request other)
    {
        string hash = _text.ToInputRow(one).Hash;

        Assert.Equal(hash, new RequestSerializer().ToInputRow(one with { Source = new RequestSource("/other.csv", 99, 98), Webhook = new Uri("https://other.example/") }).Hash);
        Assert.NotEqual(hash, _text.ToInputRow(one with { Prompt = one.Prompt + "x" }).Hash);
        Request alike = other with { Webhook = one.Webhook, Source = one.Source, FaceImage = one.FaceImage };
        Assert.Equal(alike == one && other.FaceImage.Link == one.FaceImage.Link, hash == _text.ToInputRow(other).Hash);
    }

    [Fact]
    public void Face_with_same_bytes_has_same_hash()
    {
        Request here = Plain with { FaceImage = FaceImage.FromFile(_folder.Write("a.png", TestImages.Portrait)) };
        Request there = Plain with { FaceImage = FaceImage.FromFile(_folder.Write("b.png", TestImages.Portrait)) };
        Request inline = Plain with { FaceImage = FaceImage.FromBytes(TestImages.Portrait) };
        Request another = Plain with { FaceImage = FaceImage.FromBytes(EncodedImages.Baseline) };

        string[] hashes = [.. new[] { here, there, inline, another }.Select(request => _text.ToInputRow(request).Hash)];

        Assert.Equal([hashes[0], hashes[0], hashes[0]], hashes[..3]);
        Assert.NotEqual(hashes[0], hashes[3]);
    }

    [Fact]
    public void Face_file_with_other_image_has_other_hash()
    {
        FaceImage face = FaceImage.FromFile(_folder.Write("a.png", TestImages.Portrait));
        string before = _text.ToInputRow(Plain with { FaceImage = face }).Hash;
        _folder.Write("a.png", EncodedImages.Baseline);

        Assert.NotEqual(before, new RequestSerializer().ToInputRow(Plain with { FaceImage = face }).Hash);
    }

    [Fact]
    public void Inline_face_is_stored_and_file_or_link_is_not()
    {
        InputRow inline = _text.ToInputRow(Plain with { FaceImage = FaceImage.FromBytes(TestImages.Portrait) });
        InputRow file = _text.ToInputRow(Plain with { FaceImage = FaceImage.FromFile(_folder.Write("a.png", TestImages.Portrait)) });
        InputRow link = _text.ToInputRow(Plain);

        Assert.Equal(TestImages.Portrait, inline.FaceBytes);
        Assert.Equal(inline.Face, file.Face);
        Assert.Null(file.FaceBytes);
        Assert.Equal((TestImages.Portrait.Length, TestImages.Portrait.Length, 0), (inline.FaceLength, file.FaceLength, link.FaceLength));
        Assert.Null(link.FaceBytes ?? (object?)link.Face);
        Assert.DoesNotContain("base64,", inline.Request, StringComparison.Ordinal);
        Assert.Equal(TestImages.Portrait, Read(inline, null).FaceImage.ReadBytes());
    }

    [Fact]
    public void Row_with_missing_face_file_is_readable_but_not_sendable()
    {
        string path = _folder.Write("a.png", TestImages.Portrait);
        InputRow row = _text.ToInputRow(Plain with { FaceImage = FaceImage.FromFile(path) });
        File.Delete(path);

        Request read = Read(row, null);

        Assert.Equal(path, read.FaceImage.FilePath);
        Assert.Equal(ErrorCode.FaceImageInvalid, Assert.Throws<FaceGenException>(() => read.FaceImage.ToApiValue()).Code);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{\"prompt\":\"a\"")]
    [InlineData("{\"prompt\":\"a\"}")]
    [InlineData("{\"prompt\":\"a\",\"face_image\":\"https://faces.example/1.png\",\"samples\":1e999}")]
    [InlineData("{\"prompt\":\"\\ud800\",\"face_image\":\"https://faces.example/1.png\"}")]
    public void Request_text_edited_by_hand_is_an_error(string text)
    {
        FaceGenException fault = Assert.Throws<FaceGenException>(() => _text.Deserialize(text, new RequestSource("people.csv", 2, 1), _ => []));

        Assert.Equal(ErrorCode.RequestInvalid, fault.Code);
    }

    private Request Read(InputRow row, RequestSource? source) => _text.Deserialize(row.Request, source, hash =>
    {
        Assert.Equal(row.Face, hash);
        return row.FaceBytes!;
    });

    /// <summary>Generates requests that the API allows.</summary>
    private static class Requests
    {
        private static readonly FaceImage[] Faces =
        [
            FaceImage.Parse("https://faces.example/a%20b.png?x=1#y", path => path),
            FaceImage.Parse("https://FACES.example/ü.png", path => path),
            FaceImage.FromBytes(TestImages.Portrait),
            FaceImage.FromBytes(EncodedImages.Baseline),
        ];

        public static Arbitrary<Request> Request() => Arb.From(
            from prompt in TextGenerators.Text().Generator
            from negative in Optional(TextGenerators.Text().Generator.Select(text => CsvText.AsRead(text.Value)))
            from face in Gen.Elements(Faces)
            from sizes in Gen.Choose(1, 512).ArrayOf(2)
            from scales in Gen.Choose(1000, 2000).ArrayOf(2)
            from given in ArbMap.Default.GeneratorFor<bool>().ArrayOf(8)
            from flag in ArbMap.Default.GeneratorFor<bool>()
            from style in Optional(Gen.Elements(RequestField.Style.Choices.ToArray()))
            from safety in Optional(Gen.Elements(RequestField.SafetyCheckerType.Choices.ToArray()))
            from numbers in Gen.OneOf(ArbMap.Default.GeneratorFor<long>(), Gen.Elements(long.MaxValue, long.MinValue, (1L << 53) + 1)).ArrayOf(2)
            select new Request
            {
                Prompt = CsvText.AsRead(prompt.Value),
                NegativePrompt = negative,
                FaceImage = face,
                Width = given[0] ? sizes[0] : null,
                Height = given[1] ? sizes[1] : null,
                NumInferenceSteps = given[2] ? 31 : null,
                GuidanceScale = given[3] ? scales[0] / 101.0 : null,
                SScale = given[4] ? scales[1] / 1000.0 : null,
                Samples = given[5] ? 2 : null,
                SafetyChecker = given[6] ? flag : null,
                Base64 = given[7] ? flag : null,
                Style = style,
                SafetyCheckerType = safety,
                Seed = given[0] ? numbers[0] : null,
                TrackId = given[1] ? numbers[1].ToString(CultureInfo.InvariantCulture) : null,
                Webhook = given[2] ? new Uri("https://hooks.example/a?b=c") : null,
                Source = given[3] ? new RequestSource("people.csv", 3, 2) : null,
            });

        private static Gen<string?> Optional(Gen<string> texts) =>
            Gen.OneOf(texts.Select(text => (string?)text), Gen.Constant<string?>(null));
    }
}
