using System.Globalization;
using System.Text;

namespace FaceGen.Webhooks;

/// <summary>
/// Reads one HTTP/1.1 request from an untrusted connection with size limits. An invalid request is rejected with an HTTP status.
/// </summary>
internal sealed class HttpRequestReader(Stream stream)
{
    /// <summary>The maximum length of the request line or a header, and the maximum number of headers.</summary>
    private const int MaxLineLength = 8 * 1024, MaxHeaders = 100;

    /// <summary>The maximum size of a body, in bytes; a delivery has a few kilobytes.</summary>
    internal const int MaxBodyBytes = 1024 * 1024;

    private readonly byte[] _buffer = new byte[8 * 1024];
    private int _start;
    private int _end;

    /// <summary>Reads the request line and the headers.</summary>
    /// <exception cref="HttpStatusException">The request is invalid or too long.</exception>
    internal async Task<HttpRequestHead> ReadHeadAsync(CancellationToken cancellationToken)
    {
        string[] parts = (await ReadLineAsync(cancellationToken).ConfigureAwait(false)).Split(' ');
        if (parts.Length != 3 || !parts[2].StartsWith("HTTP/1.", StringComparison.Ordinal)) throw new HttpStatusException(400);

        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        for (int count = 0; await ReadLineAsync(cancellationToken).ConfigureAwait(false) is { Length: > 0 } line; count++)
        {
            int colon = line.IndexOf(':');
            if (colon < 1) throw new HttpStatusException(400);
            if (count == MaxHeaders) throw new HttpStatusException(431);

            headers[line.Substring(0, colon)] = line.Substring(colon + 1).Trim();
        }

        return new HttpRequestHead(parts[0], parts[1], headers);
    }

    /// <summary>Reads the body that the headers announce.</summary>
    /// <exception cref="HttpStatusException">The body is too long, or its headers are invalid.</exception>
    internal async Task<byte[]> ReadBodyAsync(HttpRequestHead head, CancellationToken cancellationToken)
    {
        bool isChunked = head.Headers.TryGetValue("Transfer-Encoding", out string? coding);
        bool hasLength = head.Headers.TryGetValue("Content-Length", out string? length);
        if (isChunked == hasLength) throw new HttpStatusException(isChunked ? 400 : 411);
        if (isChunked && !string.Equals(coding, "chunked", StringComparison.OrdinalIgnoreCase)) throw new HttpStatusException(501);

        using var body = new MemoryStream();
        if (hasLength) await CopyAsync(body, ParseLength(length!, NumberStyles.None), cancellationToken).ConfigureAwait(false);
        else await CopyChunksAsync(body, cancellationToken).ConfigureAwait(false);
        return body.ToArray();
    }

    private async Task CopyChunksAsync(MemoryStream body, CancellationToken cancellationToken)
    {
        while (true)
        {
            string size = (await ReadLineAsync(cancellationToken).ConfigureAwait(false)).Split(';')[0].Trim();
            int length = ParseLength(size, NumberStyles.AllowHexSpecifier);
            // Trailers after the last chunk are ignored.
            if (length == 0) return;

            await CopyAsync(body, length, cancellationToken).ConfigureAwait(false);
            if (await ReadLineAsync(cancellationToken).ConfigureAwait(false) is not "") throw new HttpStatusException(400);
        }
    }

    private async Task CopyAsync(MemoryStream body, int length, CancellationToken cancellationToken)
    {
        if (length > MaxBodyBytes - body.Length) throw new HttpStatusException(413);

        while (length > 0)
        {
            if (_start == _end) await FillAsync(cancellationToken).ConfigureAwait(false);
            int part = Math.Min(length, _end - _start);
            body.Write(_buffer, _start, part);
            _start += part;
            length -= part;
        }
    }

    private async Task<string> ReadLineAsync(CancellationToken cancellationToken)
    {
        var line = new StringBuilder();
        while (true)
        {
            if (_start == _end) await FillAsync(cancellationToken).ConfigureAwait(false);
            char next = (char)_buffer[_start++];
            if (next == '\n') break;
            if (line.Length == MaxLineLength) throw new HttpStatusException(431);

            line.Append(next);
        }

        if (line.Length > 0 && line[line.Length - 1] == '\r') line.Length--;
        return line.ToString();
    }

    private async Task FillAsync(CancellationToken cancellationToken)
    {
        _start = 0;
        _end = await stream.ReadAsync(_buffer, 0, _buffer.Length, cancellationToken).ConfigureAwait(false);
        if (_end == 0) throw new EndOfStreamException("The request ended early.");
    }

    private static int ParseLength(string text, NumberStyles style)
    {
        if (!long.TryParse(text, style, CultureInfo.InvariantCulture, out long number) || number < 0) throw new HttpStatusException(400);
        return number <= MaxBodyBytes ? (int)number : throw new HttpStatusException(413);
    }
}

/// <summary>Represents the head of an HTTP request.</summary>
/// <param name="Method">The method, such as POST.</param>
/// <param name="Target">The path and the query.</param>
/// <param name="Headers">The headers; of several with one name, the last.</param>
internal sealed record HttpRequestHead(string Method, string Target, IReadOnlyDictionary<string, string> Headers)
{
    /// <summary>Gets the last segment of the path. A proxy can add or remove the segments before it.</summary>
    internal string LastSegment
    {
        get
        {
            string path = Target.Split('?')[0];
            return path.Substring(path.LastIndexOf('/') + 1);
        }
    }
}

/// <summary>The exception that is thrown for a request that is rejected with an HTTP status.</summary>
/// <param name="status">The HTTP status.</param>
internal sealed class HttpStatusException(int status) : Exception($"The request was rejected (HTTP {status}).")
{
    internal int Status => status;
}
