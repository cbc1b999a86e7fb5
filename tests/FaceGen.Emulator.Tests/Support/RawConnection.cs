using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;

namespace FaceGen.Emulator.Tests.Support;

/// <summary>A raw connection to an emulator, for what an HTTP client hides.</summary>
internal sealed class RawConnection : IDisposable
{
    /// <summary>The longest wait for the end of a response.</summary>
    private static readonly TimeSpan ReadTimeout = TimeSpan.FromSeconds(30);

    private readonly TcpClient _client = new();

    /// <summary>Whether the other side closed before it had read everything.</summary>
    private bool _isCutOff;

    public static async Task<RawConnection> OpenAsync(Uri address)
    {
        var connection = new RawConnection();
        await connection._client.ConnectAsync(address.Host, address.Port);
        return connection;
    }

    public static async Task<RawHttpResponse> GetAsync(string link, params string[] headers)
    {
        var address = new Uri(link);
        using RawConnection connection = await OpenAsync(address);
        await connection.GetWithoutReadingAsync(address, headers);
        return await connection.ReadAsync();
    }

    public static async Task<RawHttpResponse> PostAsync(Uri address, string json)
    {
        using RawConnection connection = await OpenAsync(address);
        await connection.PostWithoutReadingAsync(address, json);
        return await connection.ReadAsync();
    }

    public Task GetWithoutReadingAsync(Uri address, params IEnumerable<string> headers) =>
        SendAsync($"GET {address.PathAndQuery} HTTP/1.1", [$"Host: {address.Authority}", .. headers], []);

    public Task PostWithoutReadingAsync(Uri address, string json, int? announcedLength = null)
    {
        byte[] body = Encoding.UTF8.GetBytes(json);
        return SendAsync(
            $"POST {address.AbsolutePath} HTTP/1.1",
            [$"Host: {address.Authority}", "Content-Type: application/json", $"Content-Length: {announcedLength ?? body.Length}"],
            body);
    }

    /// <summary>Sends a request line with headers, each with its line break, and no body.</summary>
    public Task SendAsync(string head)
    {
        string[] lines = head.TrimEnd().Split("\r\n");
        return SendAsync(lines[0], lines[1..], []);
    }

    /// <summary>Reads until the other side closes, as requested by "Connection: close", or until the maximum is reached.</summary>
    public async Task<RawHttpResponse> ReadAsync(TimeSpan? readTimeout = null, int maxBytes = int.MaxValue)
    {
        if (_isCutOff)
            return new RawHttpResponse([], isClosed: true);

        using var timeout = new CancellationTokenSource(readTimeout ?? ReadTimeout);
        using var bytes = new MemoryStream();
        var buffer = new byte[64 * 1024];
        try
        {
            while (bytes.Length < maxBytes)
            {
                int read = await _client.GetStream().ReadAsync(buffer, timeout.Token);
                if (read == 0)
                    return new RawHttpResponse(bytes.ToArray(), isClosed: true);
                bytes.Write(buffer, 0, read);
            }
        }
        catch (IOException)
        {
            return new RawHttpResponse(bytes.ToArray(), isClosed: true);
        }
        catch (OperationCanceledException) when (readTimeout is not null)
        {
            return new RawHttpResponse(bytes.ToArray(), isClosed: false);
        }

        return new RawHttpResponse(bytes.ToArray(), isClosed: false);
    }

    public void Dispose() => _client.Dispose();

    private async Task SendAsync(string line, IEnumerable<string> headers, byte[] body)
    {
        string head = string.Join("\r\n", [line, .. headers, "Connection: close", "", ""]);
        try
        {
            await _client.GetStream().WriteAsync((byte[])[.. Encoding.ASCII.GetBytes(head), .. body]);
        }
        catch (IOException)
        {
            _isCutOff = true;
        }
    }
}

/// <summary>The bytes of a connection, parsed as an HTTP response.</summary>
internal sealed class RawHttpResponse
{
    private static readonly byte[] HeadEnd = "\r\n\r\n"u8.ToArray();

    /// <summary>Parses a response.</summary>
    /// <param name="bytes">All bytes received.</param>
    /// <param name="isClosed">Whether the other side closed the connection.</param>
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

    /// <summary>Gets the HTTP status; 0 if no header arrived.</summary>
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
