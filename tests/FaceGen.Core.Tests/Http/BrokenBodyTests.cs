using System.Net;
using FaceGen.Http;

namespace FaceGen.Core.Tests.Http;

/// <summary>Tests bodies that the framework cannot decompress: the exceptions differ from those of the network.</summary>
public sealed class BrokenBodyTests
{
    [Fact]
    public async Task Response_body_that_cannot_be_read_is_uncertain()
    {
        using var handler = new BrokenBodyHandler();
        var connection = new Connection(
            ServiceAddress.Parse(new Uri("https://unpackable.example")), new ApiKey("key-of-the-test"), services: new EngineServices { CreateHandler = () => handler });

        ApiResult result = await connection.Api.PostAsync(connection.Address.Generate, null, default);

        Assert.IsType<Outcome.Uncertain>(OutcomeClassifier.ClassifySubmission(result));
        Assert.IsType<Outcome.Retry>(OutcomeClassifier.ClassifyFetch(result));
        connection.Dispose();
    }

    private sealed class BrokenBodyHandler : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            await request.Content!.CopyToAsync(Stream.Null, cancellationToken);
            return new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(new BrokenStream()) };
        }
    }

    private sealed class BrokenStream : MemoryStream
    {
        public override int Read(byte[] buffer, int offset, int count) => throw new InvalidDataException("The archive entry was compressed using an unsupported compression method.");

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            throw new InvalidDataException("The archive entry was compressed using an unsupported compression method.");
    }
}
