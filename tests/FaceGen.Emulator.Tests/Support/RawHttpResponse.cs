using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace FaceGen.Emulator.Tests.Support;

/// <summary>What came over a connection, byte by byte, until it closed.</summary>
internal sealed class RawHttpResponse
{
    private static readonly byte[] HeadEnd = "\r\n\r\n"u8.ToArray();

    /// <param name="bytes">All that came.</param>
    /// <param name="isClosed">Whether the connection was closed from the other side.</param>
    public RawHttpResponse(byte[] bytes, bool isClosed)
    {
        Bytes = bytes;
        IsClosed = isClosed;
        int headLength = bytes.AsSpan().IndexOf(HeadEnd);
        if (headLength < 0)
            return;

        string[] head = Encoding.Latin1.GetString(bytes, 0, headLength).Split("\r\n");
        Status = int.Parse(head[0].Split(' ')[1], CultureInfo.InvariantCulture);
        Headers = head.Skip(1).Select(static line => line.Split(": ", 2))
            .ToDictionary(static line => line[0], static line => line[1], StringComparer.OrdinalIgnoreCase);
        byte[] body = bytes[(headLength + HeadEnd.Length)..];
        Body = IsChunked ? Unchunk(body) : body;
    }

    public byte[] Bytes { get; }

    public bool IsClosed { get; }

    /// <summary>The HTTP status; 0 where no head came.</summary>
    public int Status { get; }

    public IReadOnlyDictionary<string, string> Headers { get; } = new Dictionary<string, string>();

    public byte[] Body { get; } = [];

    public string? Header(string name) => Headers.GetValueOrDefault(name);

    public string Text => Encoding.UTF8.GetString(Body);

    public JsonObject Json => JsonNode.Parse(Text)!.AsObject();

    public string? MediaType => Header("Content-Type")?.Split(';')[0];

    public int? Length => Header("Content-Length") is { } length ? int.Parse(length, CultureInfo.InvariantCulture) : null;

    public bool IsChunked => Header("Transfer-Encoding") == "chunked";

    private static byte[] Unchunk(byte[] body)
    {
        using var whole = new MemoryStream();
        int at = 0;
        while (body.AsSpan(at).IndexOf("\r\n"u8) is >= 0 and int line)
        {
            int size = int.Parse(Encoding.ASCII.GetString(body, at, line), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            at += line + 2;
            int there = Math.Min(size, body.Length - at);
            whole.Write(body, at, there);
            if (size == 0 || there < size)
                break;
            at += size + 2;
        }

        return whole.ToArray();
    }
}
