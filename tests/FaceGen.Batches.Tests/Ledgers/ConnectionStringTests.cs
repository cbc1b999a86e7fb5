using FaceGen.Batches.Ledgers.Postgres;
using FaceGen.BatchModel;
using Npgsql;

namespace FaceGen.Batches.Tests.Ledgers;

/// <summary>The forms of a connection string, the options of libpq, and their error messages.</summary>
public sealed class ConnectionStringTests
{
    [Theory]
    [InlineData("host=db port=6000 dbname=faces user=me password=S3cretPw sslmode=disable")]
    [InlineData("host = db  port = 6000\ndbname='faces' user=me password='S3cretPw'")]
    [InlineData("dbname=faces user=me password=S3cretPw port=6000 host=db")]
    [InlineData("Host=db;Port=6000;dbname=faces;user=me;password=S3cretPw")]
    [InlineData("Server=db;Port=6000;Database=faces;User Id=me;Password=S3cretPw")]
    [InlineData("postgresql://me:S3cretPw@db:6000/faces")]
    [InlineData("postgres://me@db:6000/faces?password=S3cretPw")]
    [InlineData("POSTGRESQL://db/faces?user=me&password=S3cretPw&port=6000")]
    [InlineData("postgresql://me:S3cretPw@/faces?host=db&port=6000")]
    [InlineData("hostaddr=db port=6000 dbname=faces user=me password=S3cretPw")]
    public void Each_form_is_parsed(string text)
    {
        PostgresAddress address = Read(text);
        NpgsqlConnectionStringBuilder settings = new(address.ConnectionString);

        Assert.Equal(("db", 6000, "faces", "me", "S3cretPw"), (settings.Host, settings.Port, settings.Database, settings.Username, settings.Password));
        Assert.Equal("db:6000/faces/facegen", address.Name);
    }

    [Theory]
    [InlineData(@"host=db password='it\'s a \\ blank'", @"it's a \ blank")]
    [InlineData(@"host=db password=it\'s\ one user=me", "it's one")]
    [InlineData("host=db user=me password=a;b=c", "a;b=c")]
    [InlineData("host=db password='' user=me", null)]
    [InlineData("Host=db;Password=\"a;b='c\"", "a;b='c")]
    [InlineData("Host=db;Password=host=x user=y", "host=x user=y")]
    [InlineData("postgres://me:12?user=secret@db/y", "12?user=secret")]
    [InlineData("postgres://me:12#secret@db/y", "12#secret")]
    [InlineData("postgres://me:a@secret@db/y", "a@secret")]
    public void Quoted_password_is_parsed(string text, string? password) =>
        Assert.Equal(password, new NpgsqlConnectionStringBuilder(Read(text).ConnectionString).Password);

    [Theory]
    [InlineData("sslmode=verify-full&sslrootcert=/ca.pem", SslMode.VerifyFull, "/ca.pem")]
    [InlineData("sslmode=verify-full&sslrootcert=system", SslMode.VerifyFull, null)]
    [InlineData("sslrootcert=system", SslMode.VerifyFull, null)]
    [InlineData("sslmode=require&sslrootcert=/ca.pem", SslMode.VerifyCA, "/ca.pem")]
    [InlineData("sslrootcert=/ca.pem", SslMode.Prefer, "/ca.pem")]
    [InlineData("ssl=true", SslMode.Require, null)]
    [InlineData("sslmode=allow", SslMode.Allow, null)]
    public void Encryption_matches_psql(string options, SslMode mode, string? root)
    {
        NpgsqlConnectionStringBuilder settings = Settings(options);

        Assert.Equal((mode, root), (settings.SslMode, settings.RootCertificate));
    }

    [Fact]
    public void Options_of_psql_are_mapped()
    {
        NpgsqlConnectionStringBuilder settings = Settings(
            "sslcert=/me.crt&sslkey=/me.key&sslpassword=pw&channel_binding=require&options=-c%20a.b%3Dc&connect_timeout=7&application_name=mine"
            + "&keepalives=1&keepalives_idle=11&keepalives_interval=12&krbsrvname=service&passfile=/pass&load_balance_hosts=disable&gssencmode=disable"
            + "&client_encoding=UTF8&sslcompression=0&sslsni=1&target_session_attrs=read-write&fallback_application_name=other");

        Assert.Equal(("/me.crt", "/me.key", "pw"), (settings.SslCertificate, settings.SslKey, settings.SslPassword));
        Assert.Equal((ChannelBinding.Require, "-c a.b=c", 7, "mine"), (settings.ChannelBinding, settings.Options, settings.Timeout, settings.ApplicationName));
        Assert.Equal((true, 11, 12), (settings.TcpKeepAlive, settings.TcpKeepAliveTime, settings.TcpKeepAliveInterval));
        Assert.Equal(("service", "/pass"), (settings.KerberosServiceName, settings.Passfile));
    }

    [Theory]
    [InlineData("postgresql://me:pw@one:1,two:2/faces", "one:1,two:2", "one:1,two:2/faces/facegen")]
    [InlineData("postgresql://me:pw@one,two/faces", "one,two", "one:5432,two:5432/faces/facegen")]
    [InlineData("postgresql://me:pw@one:6000,two:6000/faces", "one,two", "one:6000,two:6000/faces/facegen")]
    [InlineData("postgresql://me:pw@[::1]:1,two/faces", "[::1]:1,two:5432", "[::1]:1,two:5432/faces/facegen")]
    [InlineData("host=one,two port=1,2 dbname=faces", "one:1,two:2", "one:1,two:2/faces/facegen")]
    [InlineData("host=one,two port=6000 dbname=faces", "one,two", "one:6000,two:6000/faces/facegen")]
    public async Task Several_hosts_are_passed_to_driver(string text, string hosts, string name)
    {
        PostgresAddress address = Read(text);

        Assert.Equal((hosts, name), (new NpgsqlConnectionStringBuilder(address.ConnectionString).Host, address.Name));
        await new PostgresConnections(address).DisposeAsync();
    }

    [Theory]
    [InlineData("postgresql://me:S3cretPw@db/faces?sslcrl=/crl", "'sslcrl'")]
    [InlineData("postgresql://me:S3cretPw@db/faces?pgbouncer=true", "'pgbouncer'")]
    [InlineData("postgresql://me:S3cretPw@db/faces?gssencmode=require", "'gssencmode'")]
    [InlineData("postgresql://me:S3cretPw@db/faces?target_session_attrs=standby", "'target_session_attrs'")]
    [InlineData("postgresql://me:S3cretPw@db/faces?sslmode=perhaps", "'sslmode'")]
    [InlineData("postgresql://me:S3cretPw@db/faces?sslmode=require&sslrootcert=system", "'sslrootcert'")]
    [InlineData("postgresql://me:S3cretPw@db:S3cretPw/faces", "'port'")]
    [InlineData("postgresql://me:S3cretPw@db/faces?hostaddr=127.0.0.1", "'hostaddr'")]
    [InlineData("postgresql://me:S3cretPw@db/faces?service=mine", "'service'")]
    [InlineData("postgresql://me:S3cretPw@db/faces?keepalives_count=3", "'keepalives_count'")]
    [InlineData("postgresql://me:S3cretPw@db/faces?unheard_of=1", "'unheard_of'")]
    [InlineData("host=db user=me password=S3cretPw require_auth=scram-sha-256", "'require_auth'")]
    [InlineData("Host=db;Unheard Of=1;Password=S3cretPw", "'unheard of'")]
    [InlineData("Host=db;Password=S3cretPw;Maximum Pool Size=many", "'maximum pool size'")]
    [InlineData("host=one,two port=1,2,3 user=me password=S3cretPw", "2 hosts and 3 ports")]
    [InlineData("Host=db;Database=faces password=S3cretPw", "'database'")]
    [InlineData("Host=db;Username=me password=S3cretPw", "'user'")]
    [InlineData("Host=me:S3cretPw@db;Database=faces", "'host'")]
    public void Unusable_option_is_named(string text, string named)
    {
        FaceGenException error = Assert.Throws<FaceGenException>(() => Read(text));

        Assert.Equal(ErrorCode.LedgerInvalid, error.Code);
        Assert.Contains(named, error.Message, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("Nothing was sent.", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("S3cretPw", error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Host=db;Password=a;S3cretPw=b")]
    [InlineData("Host=db;Password=a;S3cretPw")]
    [InlineData("host=db user=me password=a S3cretPw=b")]
    [InlineData("host=db user=me password='S3cretPw")]
    [InlineData("host=db user=me password=a S3cretPw")]
    [InlineData("postgresql://me:a/S3cretPw@db/faces")]
    [InlineData("postgresql://me:1/S3cretPw?x@db/faces")]
    [InlineData("postgresql://me@db/faces?password=a&S3cretPw=b")]
    [InlineData("postgresql://me:a@db/faces?S3cretPw")]
    [InlineData("jdbc:postgresql://db/faces?user=me&password=S3cretPw")]
    [InlineData("jdbc:postgresql:faces?user=me&password=S3cretPw")]
    [InlineData("postgresql+psycopg2://me:S3cretPw@db/faces")]
    [InlineData("mysql://me:S3cretPw@db/faces")]
    [InlineData("pgsql:host=db;dbname=faces;password=S3cretPw")]
    [InlineData("postgresql:me:S3cretPw@db/faces")]
    [InlineData("me:S3cretPw@db/faces")]
    [InlineData("me:S3cret/S3cretPw@db/faces")]
    [InlineData("//me:S3cretPw@db/faces")]
    [InlineData("postgresql//me:S3cretPw@db/faces")]
    [InlineData("postgres/me:S3cretPw@db/faces")]
    [InlineData("Data Source=faces.db;Password=S3cretPw")]
    [InlineData("user=me password=S3cretPw dbname=faces")]
    [InlineData("./faces;password=S3cretPw")]
    [InlineData("PGPASSWORD=S3cretPw psql -h db -U me faces")]
    [InlineData("{\"host\": \"db\", \"password\": \"S3cretPw\"}")]
    [InlineData("Host: db, Password: S3cretPw")]
    [InlineData("https://me:S3cretPw@db/faces")]
    public void Unusable_text_is_not_quoted(string text)
    {
        FaceGenException error = Assert.Throws<FaceGenException>(() => Read(text));

        Assert.Equal(ErrorCode.LedgerInvalid, error.Code);
        Assert.DoesNotContain("S3cretPw", error.ToString(), StringComparison.Ordinal);
        Assert.True(LedgerLocation.MayHoldPassword(text));
    }

    [Theory]
    [InlineData("mysql://me:S3cretPw@db/faces", "'mysql:'")]
    [InlineData("jdbc:postgresql://db/faces?user=me&password=S3cretPw", "'jdbc:'")]
    [InlineData("postgresql+psycopg2://me:S3cretPw@db/faces", "'postgresql+psycopg2:'")]
    public void Unsupported_scheme_is_named(string text, string scheme) =>
        Assert.Contains(scheme, Assert.Throws<FaceGenException>(() => Read(text)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("mysql://db/faces")]
    [InlineData("postgresql://me:a/b@db/faces")]
    public void Error_example_names_user_and_password(string text) =>
        Assert.Contains("'postgresql://host/database?user=...&password=...'", Assert.Throws<FaceGenException>(() => Read(text)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("/home/me@corp/out/facegen.ledger")]
    [InlineData("./a=b/host=c.ledger")]
    [InlineData(@"C:\Users\me@corp.com\out.ledger")]
    [InlineData("C:/Users/me@corp.com/out.ledger")]
    [InlineData(@"TestDrive:\me@corp\out.ledger")]
    [InlineData("FileSystem::/home/me@corp/out.ledger")]
    [InlineData(@"\\server\share\out.ledger")]
    [InlineData("out/facegen.ledger")]
    public void Path_is_not_a_connection_string(string text) => Assert.Null(LedgerLocation.ParseDatabase(text));

    [Fact]
    public void Location_does_not_print_a_connection_string()
    {
        LedgerLocation location = LedgerLocation.Parse("Host=db;Password=S3cretPw");

        Assert.Equal("a PostgreSQL database", $"{location}");
        Assert.Equal(LedgerLocation.Parse("Host=db;Password=S3cretPw"), location);
        Assert.Equal("/out/facegen.ledger", $"{LedgerLocation.ForFile("/out/facegen.ledger")}");
    }

    private static PostgresAddress Read(string text) =>
        PostgresAddress.Parse((LedgerLocation.ParseDatabase(text) ?? throw new InvalidOperationException("It was parsed as a path.")).Reveal());

    private static NpgsqlConnectionStringBuilder Settings(string options) => new(Read($"postgresql://me:pw@db/faces?{options}").ConnectionString);
}
