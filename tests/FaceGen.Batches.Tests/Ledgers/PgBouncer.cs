using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using FaceGen.Tests.Shared;
using Npgsql;

namespace FaceGen.Batches.Tests.Ledgers;

/// <summary>PgBouncer in front of the tests' server, where this machine has it.</summary>
internal sealed class PgBouncer : IDisposable
{
    private const string Program = "/usr/sbin/pgbouncer";

    private readonly string _folder = Directory.CreateTempSubdirectory("facegen-pgbouncer-").FullName;
    private readonly Process _process;

    /// <param name="server">The server.</param>
    /// <param name="mode">session, transaction or statement.</param>
    /// <param name="size">The number of server sessions.</param>
    internal PgBouncer(PostgresServer server, string mode, int size)
    {
        using (var listener = new TcpListener(IPAddress.Loopback, 0))
        {
            listener.Start();
            Port = ((IPEndPoint)listener.LocalEndpoint).Port;
        }

        NpgsqlConnectionStringBuilder address = new(server.GetConnectionString("any"));
        string settings = Path.Combine(_folder, "pgbouncer.ini");
        File.WriteAllText(settings, string.Create(CultureInfo.InvariantCulture,
            $"""
            [databases]
            postgres = host=127.0.0.1 port={address.Port} dbname=postgres user={address.Username} password={address.Password}
            [pgbouncer]
            listen_addr = 127.0.0.1
            listen_port = {Port}
            unix_socket_dir =
            auth_type = any
            pool_mode = {mode}
            default_pool_size = {size}
            """));
        string[] command = Environment.UserName == "root" ? ["runuser", "-u", "postgres", "--", Program, settings] : [Program, settings];
        // The user that it runs as reads its settings.
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(_folder, (UnixFileMode)0b111_101_101);
        _process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        _process.BeginErrorReadLine();
        _process.BeginOutputReadLine();
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!Listens()) timeout.Token.ThrowIfCancellationRequested();
    }

    internal static string? UnavailableReason => File.Exists(Program) ? PostgresServer.SkipReason : $"{Program} is not on this machine.";

    internal int Port { get; }

    public void Dispose()
    {
        _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private bool Listens()
    {
        try
        {
            using var client = new TcpClient();
            client.Connect(IPAddress.Loopback, Port);
            return true;
        }
        catch (SocketException)
        {
            return _process.HasExited ? throw new InvalidOperationException("PgBouncer ended.") : false;
        }
    }
}
