using System.Text;
using FaceGen.Batches.Requests;
using FsCheck;
using FsCheck.Xunit;

namespace FaceGen.Batches.Tests.Requests;

public sealed class LookaheadTextReaderTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("\r", "\n")]
    [InlineData("a\r\nb\rc\n\r\r\n\r", "a\r\nb\nc\n\n\r\n\n")]
    public void Lone_carriage_return_is_read_as_line_feed(string text, string read) => Assert.Equal(read, Read(text));

    [Property]
    public void Carriage_return_at_block_end_is_read_correctly(NonNegativeInt lead, bool[] returns)
    {
        // Blocks have 32,768 characters; the interesting text lies across the first one's end.
        string text = new string('x', 32_768 - (lead.Get % 12)) + string.Concat(returns.Select(cr => cr ? '\r' : '\n'));

        Assert.Equal(text.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n'),
            Read(text).Replace("\r\n", "\n", StringComparison.Ordinal));
    }

    [Fact]
    public void Single_characters_are_read()
    {
        using LookaheadTextReader text = Open("a\rb");

        Assert.Equal(('a', 'a', '\n', 'b', -1, -1),
            ((char)text.Peek(), (char)text.Read(), (char)text.Read(), (char)text.Read(), text.Peek(), text.Read()));
    }

    [Fact]
    public void Disk_error_during_read_is_a_request_file_error()
    {
        using var text = new LookaheadTextReader("/data/people.csv", new FailingStream());

        FaceGenException fault = Assert.Throws<FaceGenException>(() => text.ReadToEnd());

        Assert.Equal("The request file '/data/people.csv' cannot be read: The disk is gone. No further row was read or sent. Check the path and its permissions.", fault.Message);
    }

    private static LookaheadTextReader Open(string text) => new("people.csv", new MemoryStream(Encoding.UTF8.GetBytes(text)));

    private static string Read(string text)
    {
        using LookaheadTextReader reader = Open(text);
        return reader.ReadToEnd();
    }

    private sealed class FailingStream() : MemoryStream(new byte[100_000])
    {
        public override int Read(byte[] buffer, int offset, int count) =>
            Position < 40_000 ? base.Read(buffer, offset, count) : throw new IOException("The disk is gone.");

        public override int Read(Span<byte> buffer) =>
            Position < 40_000 ? base.Read(buffer) : throw new IOException("The disk is gone.");
    }
}
