using System.Management.Automation;
using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests.Commands;

/// <summary>Passwords in the -Ledger parameter, or in a path, are never shown.</summary>
public sealed class LedgerSecretTests
{
    private const string Password = "S3cretPw";

    [Theory]
    [InlineData("host=127.0.0.1 port=1 dbname=faces user=me password=S3cretPw sslmode=disable", "LedgerUnreachable")]
    [InlineData("user=me password=S3cretPw dbname=faces", "LedgerInvalid")]
    [InlineData("jdbc:postgresql://127.0.0.1:1/faces?user=me&password=S3cretPw", "LedgerInvalid")]
    [InlineData("postgresql+psycopg2://me:S3cretPw@127.0.0.1:1/faces", "LedgerInvalid")]
    [InlineData("mysql://me:S3cretPw@127.0.0.1/faces", "LedgerInvalid")]
    [InlineData("me:S3cretPw@127.0.0.1:5432/faces", "LedgerInvalid")]
    [InlineData("postgresql://me:S3cretPw@127.0.0.1:1/faces?unheard_of=1", "LedgerInvalid")]
    [InlineData("Host=127.0.0.1;Port=1;Database=faces password=S3cretPw", "LedgerInvalid")]
    public async Task Ledger_password_is_not_shown(string ledger, string error)
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        foreach (string command in new[]
        {
            "Invoke-FaceGenBatch $csv -Destination $out -Ledger $ledger",
            "Invoke-FaceGenBatch $csv -Destination $out -Ledger $ledger -WhatIf",
            "Get-FaceGenBatch -Ledger $ledger",
            "Get-FaceGenBatchItem -Ledger $ledger",
            "[pscustomobject]@{ Ledger = $ledger } | Get-FaceGenBatchItem",
            "Export-FaceGenReport \"$out.html\" -Ledger $ledger",
        })
        {
            ScriptResult result = fixture.Run("param($csv, $ledger, $out) " + command, fixture.WriteCsv("a"), ledger, fixture.OutputFolder);

            Assert.StartsWith($"{error},", result.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
            AssertNoPassword(result);
        }

        Assert.Equal(0, fixture.Emulator.Journal.Accepted);
    }

    [Theory]
    [InlineData("host=127.0.0.1 dbname=faces user=me password=S3cretPw")]
    [InlineData("Host=127.0.0.1;Database=faces;Password=S3cretPw")]
    [InlineData("postgresql://me:S3cretPw@127.0.0.1:1/faces?sslmode=disable")]
    [InlineData("jdbc:postgresql://127.0.0.1:1/faces?user=me&password=S3cretPw")]
    public async Task Ledger_password_given_as_path_is_not_shown(string ledger)
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        foreach (string command in new[]
        {
            "Get-FaceGenBatch $ledger",
            "Get-FaceGenBatchItem $ledger",
            "Invoke-FaceGenBatch $csv -Destination $ledger",
            "Invoke-FaceGenBatch $ledger -Destination $out",
            "Invoke-FaceGenBatch -LiteralPath $ledger -Destination $out",
            "Export-FaceGenReport $ledger -Ledger $out",
        })
        {
            ScriptResult result = fixture.Run("param($csv, $ledger, $out) " + command, fixture.WriteCsv("a"), ledger, fixture.OutputFolder);

            Assert.Contains("-Ledger", result.Error.Exception.Message, StringComparison.Ordinal);
            AssertNoPassword(result);
        }
    }

    [Theory]
    [InlineData("[uri]$ledger", "LedgerUnreachable")]
    [InlineData("[Data.Common.DbConnectionStringBuilder]@{ ConnectionString = 'Host=127.0.0.1;Port=1;Password=S3cretPw' }", "LedgerUnreachable")]
    [InlineData("[Text.StringBuilder]$ledger", "ParameterArgumentTransformationError")]
    [InlineData("@($ledger, $ledger)", "ParameterArgumentTransformationError")]
    [InlineData("@{ $ledger = 1 }", "ParameterArgumentTransformationError")]
    public async Task Ledger_password_in_object_is_not_shown(string given, string error)
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run($"param($ledger) Get-FaceGenBatch -Ledger ({given})", "postgresql://me:S3cretPw@127.0.0.1:1/faces");

        Assert.StartsWith($"{error},", result.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        AssertNoPassword(result);
    }

    private static void AssertNoPassword(ScriptResult result)
    {
        ErrorRecord error = result.Error;
        string shown = $"{error} {error.Exception} {error.ErrorDetails} {error.TargetObject} {error.CategoryInfo} {string.Join(" ", result.Warnings)}";
        Assert.DoesNotContain(Password, shown, StringComparison.Ordinal);
    }
}
