using System.Management.Automation;
using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests.Commands;

/// <summary>Named connections, and the sources of their keys.</summary>
public sealed class NamedConnectionTests
{
    [Fact]
    public async Task Errors_of_many_generations_of_another_account_are_counted()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run("""
            param($face, $uri)
            $null = Connect-FaceGen -ApiKey other-key -BaseUri $uri -Name press
            $g = New-FaceGenImage p $face
            @($g) * 25 | Wait-FaceGenImage -Connection press
            """, fixture.Face, fixture.Emulator.BaseUri);

        Assert.Equal(20, result.Errors.Count);
        Assert.Equal(["5 more errors are ConnectionMismatch. They are not shown; -ErrorVariable contains all errors."], result.Warnings);
    }

    [Fact]
    public async Task Show_uses_the_connection_that_its_error_names()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run("""
            param($face, $uri)
            $sent = [Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize((New-FaceGenImage p $face)))
            $null = Get-FaceGenConnection | Connect-FaceGen -Name press
            $null = Connect-FaceGen -ApiKey other-key -BaseUri $uri
            $sent | Show-FaceGenImage
            $sent | Show-FaceGenImage -Connection press
            """, fixture.Face, fixture.Emulator.BaseUri);

        Assert.EndsWith("Give -Connection 'press'.", result.Error.ToString(), StringComparison.Ordinal);
        Assert.Empty(result.Output);
    }

    [Fact]
    public async Task Named_connection_is_used_only_where_named()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync(balance: 10);
        await using SessionFixture other = await SessionFixture.StartAsync(balance: 20);

        ScriptResult result = fixture.Run("""
            param($uri, $face)
            $lab = Connect-FaceGen -ApiKey emulator-key -BaseUri $uri -Name lab
            (Get-FaceGenBalance).Balance
            (Get-FaceGenBalance -Connection LAB).Balance
            (Get-FaceGenBalance -Connection $lab).Balance
            $null = New-FaceGenImage p $face -Connection lab -Samples 2
            (Get-FaceGenConnection).Name
            (Get-FaceGenConnection l*).Name
            """, other.Emulator.BaseUri, fixture.Face).WithoutErrors();

        Assert.Equal(["10", "20", "20", "Default", "lab", "lab"], result.Output.Select(item => item.ToString()));
        Assert.Equal((0, 1), (fixture.Emulator.Journal.Accepted, other.Emulator.Journal.Accepted));
    }

    [Fact]
    public async Task Every_service_cmdlet_accepts_a_connection()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        string csv = fixture.Write("people.csv", $"prompt,face_image,width\np,{fixture.Face},32\n");

        ScriptResult result = fixture.Run("""
            param($uri, $face, $out, $csv)
            Disconnect-FaceGen
            $c = Connect-FaceGen -ApiKey emulator-key -BaseUri $uri -Name only
            $sent = New-FaceGenImage p $face -NoWait -Connection only
            Get-FaceGenImage $sent.Id -Connection only
            $sent | Wait-FaceGenImage -Connection only | Save-FaceGenOutput $out -Connection only
            $sent | Remove-FaceGenImage -Confirm:$false -Connection only
            Get-FaceGenQueue -Connection only
            Test-FaceGenConnection -Connection only
            Publish-FaceGenFace $face -Connection only
            Invoke-FaceGenBatch $csv -Destination $out -Connection only
            $hook = New-FaceGenWebhook -Connection only
            Receive-FaceGenWebhook -Connection only
            Remove-FaceGenWebhook -Connection only
            $hook.IsOpen
            """, fixture.Emulator.BaseUri, fixture.Face, fixture.OutputFolder, csv).WithoutErrors();

        Assert.Equal("False", result.Output[^1].ToString());
        Assert.All(fixture.Emulator.Journal.Entries, entry => Assert.Equal(200, entry.Status));
    }

    [Theory]
    [InlineData("Get-FaceGenBalance")]
    [InlineData("Get-FaceGenQueue")]
    public async Task Account_of_each_connection_of_the_pipeline_is_read(string command)
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run($$"""
            param($uri)
            $null = Get-FaceGenConnection | Connect-FaceGen -Name press
            $null = Connect-FaceGen -ApiKey wrong-key -BaseUri $uri -Name wrong
            Get-FaceGenConnection | {{command}}
            'press' | {{command}}
            {{command}}
            @() | {{command}}
            """, fixture.Emulator.BaseUri);

        Assert.Equal(["Default", "press", "press", "Default"], result.Values("Connection"));
        Assert.StartsWith("KeyRejected,", result.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("'wrong'", result.Error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connection_object_works_in_another_runspace()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync(serviceSeconds: 0.1);

        ScriptResult result = fixture.Run("""
            param($manifest, $face)
            $connection = Get-FaceGenConnection
            'a', 'b', 'c' | ForEach-Object -Parallel {
                Import-Module $using:manifest
                New-FaceGenImage $_ $using:face -Connection $using:connection
            }
            """, StagedModule.Manifest, fixture.Face).WithoutErrors();

        Assert.Equal(3, result.Output.Count);
        Assert.Equal(3, fixture.Emulator.Journal.Accepted);
    }

    [Fact]
    public async Task Connection_unknown_name_is_refused_before_anything_is_sent()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ErrorRecord error = fixture.Run("param($face) New-FaceGenImage p $face -Connection nobody", fixture.Face).Error;

        Assert.Contains("This runspace has no connection 'nobody'. Nothing was sent.", error.ToString(), StringComparison.Ordinal);
        Assert.Empty(fixture.Emulator.Journal.Entries);
    }

    [Fact]
    public async Task Disconnect_accepts_name_pipeline_and_default()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run("""
            param($uri)
            'a', 'b', 'c', 'lab 1', 'lab 2', 'lab[1]' | ForEach-Object { $null = Connect-FaceGen -ApiKey emulator-key -BaseUri $uri -Name $_ }
            Disconnect-FaceGen b
            Disconnect-FaceGen 'lab[1]'
            Disconnect-FaceGen nobody, LAB*, z*
            Get-FaceGenConnection a | Disconnect-FaceGen
            (Get-FaceGenConnection).Name
            Disconnect-FaceGen
            (Get-FaceGenConnection).Name
            """, fixture.Emulator.BaseUri);

        Assert.Equal(["Default", "c", "c"], result.Output.Select(item => item.ToString()));
        Assert.Equal("NotConnected", result.Error.FullyQualifiedErrorId.Split(',')[0]);
    }

    [Fact]
    public async Task Connect_accepts_text_secure_string_and_credential()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run("""
            param($uri)
            $secure = [Net.NetworkCredential]::new('', 'emulator-key').SecurePassword
            $null = 'emulator-key' | Connect-FaceGen -BaseUri $uri
            Test-FaceGenConnection
            $null = $secure | Connect-FaceGen -BaseUri $uri
            Test-FaceGenConnection
            $null = Connect-FaceGen -Credential ([pscredential]::new('anybody', $secure)) -BaseUri $uri
            Test-FaceGenConnection
            """, fixture.Emulator.BaseUri).WithoutErrors();

        Assert.Equal([true, true, true], result.Output.Select(item => (bool)item.BaseObject));
    }

    [Theory]
    [InlineData("-ProxyCredential ([pscredential]::new('a', [securestring]::new()))", "-ProxyCredential and -ProxyUseDefaultCredentials need -Proxy.")]
    [InlineData("-Proxy http://proxy:1 -ProxyUseDefaultCredentials -ProxyCredential ([pscredential]::new('a', [securestring]::new()))", "cannot be used together")]
    [InlineData("-Proxy nonsense", "is not a proxy address")]
    [InlineData("-Proxy http://me:secret@proxy:1", "-ProxyCredential")]
    [InlineData("-Proxy socks5://me:secret@proxy:1", "'…@…' is not a proxy address")]
    [InlineData("-Proxy me:secret@proxy:1", "'…@…' is not a proxy address")]
    [InlineData("-Proxy me:secret%40proxy", "'…@…' is not a proxy address")]
    [InlineData("-Proxy http://me:secret@9@proxy", "The value is not a valid address.")]
    [InlineData("-BaseUri https://me:secret@lab.example:99999", "The value is not a valid address.")]
    [InlineData("-SecretName a -ApiKey b", "Parameter set cannot be resolved")]
    public void Connect_invalid_arguments_report_error(string parameters, string message)
    {
        using var session = new Session();

        string all = string.Join(" ", session.Run($"Connect-FaceGen {(parameters.Contains("-SecretName", StringComparison.Ordinal) ? "" : "-ApiKey x ")}{parameters}").Errors.Select(error => error.ToString()));

        Assert.Contains(message, all, StringComparison.Ordinal);
        Assert.DoesNotContain("me:secret", all, StringComparison.Ordinal);
    }

    [Fact]
    public void Connection_deserialized_is_refused()
    {
        using var session = new Session();

        ScriptResult result = session.Run("""
            $flat = [Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize((Connect-FaceGen x -BaseUri https://lab.example)))
            Get-FaceGenBalance -Connection $flat
            """);

        Assert.Contains("A deserialized connection has no key.", result.Error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void SkipCertificateCheck_warns()
    {
        using var session = new Session();

        ScriptResult result = session.Run("Connect-FaceGen x -BaseUri https://lab.example -SkipCertificateCheck").WithoutErrors();

        Assert.StartsWith("The certificate of https://lab.example/ is not checked", Assert.Single(result.Warnings), StringComparison.Ordinal);
    }
}
