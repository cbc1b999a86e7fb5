using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using FaceGen.Core.Tests.Support;
using FaceGen.Http;

namespace FaceGen.Core.Tests.Http;

/// <summary>Tests proxies and certificates.</summary>
public sealed class HttpHandlersTests : IDisposable
{
    private const string Key = "key-behind-the-proxy";

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly List<string> _requestHeads = [];

    public HttpHandlersTests() => _listener.Start();

    private int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public void Dispose() => _listener.Dispose();

    [Fact]
    public async Task Proxy_asking_for_credentials_gets_them_without_key()
    {
        Task proxy = ServeProxyAsync();
        using var connection = new Connection(ServiceAddress.Parse(new Uri("https://service.example")), new ApiKey(Key),
            proxy: new WebProxy($"http://127.0.0.1:{Port}") { Credentials = new NetworkCredential("user", "secret") });

        ApiResult result = await connection.Api.PostAsync(connection.Address.WalletBalance, null, default).WithTimeoutAsync();

        await proxy.WithTimeoutAsync();
        Assert.False(result.IsSent);
        Assert.All(_requestHeads, head => Assert.StartsWith("CONNECT service.example:443 ", head, StringComparison.Ordinal));
        Assert.Contains($"Proxy-Authorization: Basic {Convert.ToBase64String("user:secret"u8)}", _requestHeads[^1], StringComparison.Ordinal);
        Assert.DoesNotContain(_requestHeads, head => head.Contains(Key, StringComparison.Ordinal));
        Assert.Equal($"http://127.0.0.1:{Port}/", connection.Proxy?.AbsoluteUri);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Certificate_untrusted_is_rejected_unless_check_is_skipped(bool skipCertificateCheck)
    {
        Task service = ServeTlsAsync();
        using var connection = new Connection(
            ServiceAddress.Parse(new Uri($"https://127.0.0.1:{Port}")), new ApiKey(Key), skipCertificateCheck: skipCertificateCheck);

        ApiResult result = await connection.Api.PostAsync(connection.Address.WalletBalance, null, default).WithTimeoutAsync();

        await service.WithTimeoutAsync();
        Assert.Equal(skipCertificateCheck, result.Status == 200);
        Assert.Equal(skipCertificateCheck, _requestHeads.Count == 1);
        // Nothing is sent before the certificate is validated.
        if (!skipCertificateCheck) Assert.False(result.IsSent);
    }

    /// <summary>Requires credentials and forwards nothing.</summary>
    private async Task ServeProxyAsync()
    {
        while (true)
        {
            using TcpClient client = await _listener.AcceptTcpClientAsync();
            NetworkStream stream = client.GetStream();
            while (await ReadHeadAsync(stream) is { } head)
            {
                _requestHeads.Add(head);
                if (head.Contains("Proxy-Authorization", StringComparison.Ordinal))
                {
                    await stream.WriteAsync("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"u8.ToArray());
                    return;
                }

                await stream.WriteAsync("HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"test\"\r\nContent-Length: 0\r\n\r\n"u8.ToArray());
            }
        }
    }

    private async Task ServeTlsAsync()
    {
        using RSA key = RSA.Create(2048);
        var request = new CertificateRequest("CN=nobody", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using X509Certificate2 certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        using TcpClient client = await _listener.AcceptTcpClientAsync();
        await using var stream = new SslStream(client.GetStream());
        try
        {
            await stream.AuthenticateAsServerAsync(certificate);
            if (await ReadHeadAsync(stream) is not { } head) return;

            _requestHeads.Add(head);
            await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 20\r\nConnection: close\r\n\r\n{\"status\":\"success\"}"u8.ToArray());
            await stream.FlushAsync();
            await stream.ShutdownAsync();
        }
        catch (Exception e) when (e is IOException or System.Security.Authentication.AuthenticationException)
        {
            // The client rejected the certificate.
        }
    }

    private static async Task<string?> ReadHeadAsync(Stream stream)
    {
        var head = new StringBuilder();
        byte[] one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            if (await stream.ReadAsync(one) == 0) return null;
            head.Append((char)one[0]);
        }

        return head.ToString();
    }
}
