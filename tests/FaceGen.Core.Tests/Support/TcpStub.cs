using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace FaceGen.Core.Tests.Support;

/// <summary>A server on loopback that sends one response per connection, or uses TLS with an untrusted certificate.</summary>
internal sealed class TcpStub : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly string? _response;
    private readonly Task _serving;

    private TcpStub(string? response)
    {
        _response = response;
        _listener.Start();
        _serving = ServeAsync();
    }

    internal string Authority => $"127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    internal static TcpStub Responding(string response) => new(response);

    internal static TcpStub WithUntrustedCertificate() => new(null);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _serving;
        _listener.Stop();
        _stop.Dispose();
    }

    private async Task ServeAsync()
    {
        try
        {
            while (!_stop.IsCancellationRequested)
            {
                using TcpClient client = await _listener.AcceptTcpClientAsync(_stop.Token);
                try
                {
                    await (_response is null ? HandshakeAsync(client.GetStream()) : RespondAsync(client.GetStream(), _response));
                }
                catch (Exception e) when (e is IOException or System.Security.Authentication.AuthenticationException)
                {
                    // The client closes the connection, as it should.
                    client.Close();
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The test has ended.
            _listener.Stop();
        }
    }

    private async Task HandshakeAsync(NetworkStream stream)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=inspector.example", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using X509Certificate2 certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        await using var tls = new SslStream(stream);
        await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = certificate }, _stop.Token);
        await tls.ReadExactlyAsync(new byte[1], _stop.Token);
    }

    private async Task RespondAsync(NetworkStream stream, string response)
    {
        var head = new StringBuilder();
        byte[] one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            await stream.ReadExactlyAsync(one, _stop.Token);
            head.Append((char)one[0]);
        }

        await stream.WriteAsync(Encoding.ASCII.GetBytes(response), _stop.Token);
    }
}
