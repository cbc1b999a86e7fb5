using FaceGen.Batches.Ledgers.Postgres;
using Npgsql;

namespace FaceGen.Batches.Tests.Ledgers;

/// <summary>Connection strings, and which parts of them are shown.</summary>
public sealed class PostgresAddressTests
{
    [Theory]
    [InlineData("Host=db;Username=me;Password=secret", "db:5432/me/facegen", "facegen")]
    [InlineData("Host=db;Port=6000;Database=faces;Search Path=batch7;Password=secret", "db:6000/faces/batch7", "batch7")]
    [InlineData("postgresql://me:sec%3Bret@db:6000/faces?search_path=batch7&sslmode=require&connect_timeout=3", "db:6000/faces/batch7", "batch7")]
    [InlineData("postgres://me@[::1]/faces", "::1:5432/faces/facegen", "facegen")]
    public void Search_path_sets_schema(string ledger, string name, string schema)
    {
        PostgresAddress address = PostgresAddress.Parse(ledger);

        Assert.Equal((name, schema), (address.Name, address.Schema));
    }

    [Fact]
    public void Database_and_user_missing_default_to_current_user() =>
        Assert.Equal($"db:5432/{Environment.UserName}/facegen", PostgresAddress.Parse("Host=db").Name);

    [Fact]
    public void Uri_and_connection_string_are_equivalent()
    {
        NpgsqlConnectionStringBuilder settings = new(
            PostgresAddress.Parse("postgresql://m%40e:s%3Bec%2Fret@db:6000/fa%20ces?sslmode=require&connect_timeout=3&application_name=mine").ConnectionString);

        Assert.Equal(("m@e", "s;ec/ret", "db", 6000, "fa ces"), (settings.Username, settings.Password, settings.Host, settings.Port, settings.Database));
        Assert.Equal((SslMode.Require, 3, "mine"), (settings.SslMode, settings.Timeout, settings.ApplicationName));
    }

    [Theory]
    [InlineData("Host=db;Password=one;Port=secret")]
    [InlineData("Host=db;Password=one;secret=two")]
    [InlineData("Host=db;Password=\"secret")]
    [InlineData("postgres://me:secret@:x/y")]
    [InlineData("postgres://me:12/secret@db/y")]
    [InlineData("postgres://me:1@2/secret@db/y")]
    [InlineData("Host=db;Password=secret;Search Path=one,two")]
    [InlineData("Username=me;Password=secret")]
    public void Unreadable_connection_string_is_not_quoted(string ledger)
    {
        FaceGenException error = Assert.Throws<FaceGenException>(() => PostgresAddress.Parse(ledger));

        Assert.Equal(ErrorCode.LedgerInvalid, error.Code);
        Assert.DoesNotContain("secret", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Address_disables_logging_and_security_info()
    {
        NpgsqlConnectionStringBuilder settings = new(PostgresAddress.Parse(
            "Host=db;Log Parameters=true;Include Error Detail=true;Persist Security Info=true;Enlist=true").ConnectionString);

        Assert.Equal((false, false, false, false), (settings.LogParameters, settings.IncludeErrorDetail, settings.PersistSecurityInfo, settings.Enlist));
    }
}
