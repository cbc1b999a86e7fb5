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
    public void A_lone_return_reads_as_a_line_feed(string text, string read) => Assert.Equal(read, Read(text));

    [Property]
    public void Returns_are_told_apart_at_any_place_of_a_block(NonNegativeInt lead, bool[] returns)
    {
        // Blocks have 32,768 characters; the interesting text lies across the first one's end.
        string text = new string('x', 32_768 - (lead.Get % 12)) + string.Concat(returns.Select(cr => cr ? '\r' : '\n'));

        Assert.Equal(text.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n'),
            Read(text).Replace("\r\n", "\n", StringComparison.Ordinal));
    }

    [Fact]
    public void It_reads_by_character_too()
    {
        using LookaheadTextReader text = Open("a\rb");

        Assert.Equal(('a', 'a', '\n', 'b', -1, -1),
            ((char)text.Peek(), (char)text.Read(), (char)text.Read(), (char)text.Read(), text.Peek(), text.Read()));
    }

    [Fact]
    public void A_fault_of_the_disk_in_the_middle_is_told_as_one_of_the_file()
    {
        using var text = new LookaheadTextReader("/data/people.csv", new FailingStream());

        FaceGenException fault = Assert.Throws<FaceGenException>(() => text.ReadToEnd());

        Assert.Equal("The request file '/data/people.csv' cannot be read: The disk is gone.", fault.Message);
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
