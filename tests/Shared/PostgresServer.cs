using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace FaceGen.Tests.Shared;

/// <summary>
/// A PostgreSQL server with its own cluster in a temporary folder, on a free port of this machine. It is stopped and
/// deleted when it is disposed, or when the test process ends in any way.
/// </summary>
internal sealed class PostgresServer : IDisposable
{
    private static readonly Lazy<PostgresServer> Shared = new(() => new PostgresServer());

    private readonly string _binFolder;
    private readonly string _folder;
    private readonly int _port = GetFreePort();

    /// <summary>A shell that cleans up when its input ends, which happens when this process ends.</summary>
    private readonly Process _cleanup;

    /// <summary>Creates a cluster and starts it.</summary>
    /// <param name="furtherSettings">Lines of the configuration that replace those of tests.</param>
    internal PostgresServer(params string[] furtherSettings)
    {
        _binFolder = FindBinFolder()!;
        _folder = Directory.CreateTempSubdirectory("facegen-postgres-").FullName;
        _cleanup = Process.Start(new ProcessStartInfo(
            "/bin/sh",
            ["-c", "cd \"$1\"; cat; kill -INT $(head -1 data/postmaster.pid); i=0; while [ -e data/postmaster.pid ] && [ $i -lt 600 ]; do sleep 0.1; i=$((i+1)); done; rm -rf \"$1\"", "sh", _folder])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        string passwords = Path.Combine(_folder, "password");
        File.WriteAllText(passwords, Password);
        // PostgreSQL refuses to run as root; the distribution's packages create a user for it.
        if (IsRoot) Run(["chown", "-R", "postgres", _folder]);
        RunProgram("initdb", "-D", Data, "-U", "facegen", "-A", "scram-sha-256", $"--pwfile={passwords}", "-E", "UTF8", "--locale=C", "--no-sync");
        // Tests kill the server but not the machine, so that its writes survive without a flush.
        string[] settings =
        [
            $"port = {_port}", "listen_addresses = '127.0.0.1'", $"unix_socket_directories = '{_folder}'", "max_connections = 200",
            "fsync = off", "full_page_writes = off", .. furtherSettings,
        ];
        File.AppendAllLines(Path.Combine(Data, "postgresql.conf"), settings);
        Start();
    }

    /// <summary>Gets why the server cannot run here; null if it can.</summary>
    internal static string? SkipReason { get; } =
        OperatingSystem.IsWindows() ? "These tests do not start PostgreSQL on Windows."
        : FindBinFolder() is null ? "PostgreSQL's programs (initdb, pg_ctl) were not found. Set FACEGEN_POSTGRES_BIN to their folder."
        : null;

    /// <summary>Gets the server that tests share; the first access starts it.</summary>
    internal static PostgresServer Instance => Shared.Value;

    internal string Password { get; } = Guid.NewGuid().ToString("N");

    private static bool IsRoot => Environment.UserName == "root";

    private string Data => Path.Combine(_folder, "data");

    private string Log => Path.Combine(_folder, "log");

    /// <summary>Returns a connection string whose search path selects a ledger.</summary>
    internal string GetConnectionString(string schema, string options = "") =>
        $"Host=127.0.0.1;Port={_port.ToString(CultureInfo.InvariantCulture)};Username=facegen;Password={Password};Database=postgres;Search Path={schema};{options}";

    internal void Start() => RunProgram("pg_ctl", "-D", Data, "-l", Log, "-w", "start");

    /// <summary>Reads the lines of the server's log.</summary>
    internal IEnumerable<string> ReadLog() => File.ReadLines(Log);

    public void Dispose()
    {
        _cleanup.StandardInput.Close();
        _cleanup.WaitForExit();
        _cleanup.Dispose();
    }

    /// <summary>Suspends all processes of the server, as a paused machine does.</summary>
    internal void Pause() => PosixSignals.Send("STOP", GetProcessIds());

    /// <summary>Resumes all processes of the server.</summary>
    internal void Continue() => PosixSignals.Send("CONT", GetProcessIds());

    /// <summary>Stops the server immediately, as a failing machine does.</summary>
    internal void Stop() => RunProgram("pg_ctl", "-D", Data, "-m", "immediate", "-w", "stop");

    private static string? FindBinFolder()
    {
        const string Distribution = "/usr/lib/postgresql";
        string[] installed = Directory.Exists(Distribution) ? Directory.GetDirectories(Distribution) : [];
        string[] path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        return installed.OrderDescending(StringComparer.Ordinal).Select(version => Path.Combine(version, "bin")).Concat(path)
            .Prepend(Environment.GetEnvironmentVariable("FACEGEN_POSTGRES_BIN") ?? "")
            .FirstOrDefault(folder => folder.Length > 0 && File.Exists(Path.Combine(folder, "initdb")));
    }

    private int[] GetProcessIds()
    {
        string first = File.ReadLines(Path.Combine(Data, "postmaster.pid")).First();
        return [.. File.ReadAllText($"/proc/{first}/task/{first}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Append(first).Select(id => int.Parse(id, CultureInfo.InvariantCulture))];
    }

    private static int GetFreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private void RunProgram(string name, params string[] arguments)
    {
        string program = Path.Combine(_binFolder, name);
        if (IsRoot) Run(["runuser", "-u", "postgres", "--", program, .. arguments]);
        else Run([program, .. arguments]);
    }

    private void Run(string[] command)
    {
        // The output goes to a file, because the server inherits it and would keep a pipe open.
        string output = Path.Combine(_folder, "output");
        using Process process = Process.Start(new ProcessStartInfo(
            "/bin/sh", ["-c", "out=$1; shift; exec \"$@\" </dev/null >\"$out\" 2>&1", "sh", output, .. command]) { WorkingDirectory = _folder })!;
        if (!process.WaitForExit(60_000)) process.Kill(entireProcessTree: true);
        process.WaitForExit();
        if (process.ExitCode != 0 || _cleanup.HasExited)
            throw new InvalidOperationException($"{command[0]} failed: {(File.Exists(output) ? File.ReadAllText(output) : "")}");
    }
}
