using System.Net.Sockets;
using System.Text;

namespace FaceGen.Emulator.Tests.Support;

/// <summary>A bare connection to an emulator, for what an HTTP client would hide.</summary>
internal sealed class RawConnection : IDisposable
{
    /// <summary>No test waits longer for the end of an answer.</summary>
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

    /// <summary>
    /// Reads until the other side closes, which it is asked to do after its answer, or until so much has come.
    /// </summary>
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
