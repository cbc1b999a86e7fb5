using System.Management.Automation;
using System.Net.Http.Headers;
using System.Text;
using FaceGen.Emulator;
using FaceGen.Emulator.Generating;
using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests.Commands;

/// <summary>New-, Receive- and Remove-FaceGenWebhook, and New-FaceGenImage with a webhook.</summary>
public sealed class WebhookTests
{
    [Fact]
    public async Task Webhook_delivery_causes_one_fetch()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync(serviceSeconds: 0.3);

        ScriptResult result = fixture.Run("""
            param($face)
            $null = New-FaceGenWebhook
            1..10 | ForEach-Object { "person $_" } | New-FaceGenImage -FaceImage $face
            """, fixture.Face).WithoutErrors();

        Assert.Equal(10, result.Output.Count);
        Assert.All(result.Output, image => Assert.Equal("Success", image.Properties["Status"].Value.ToString()));
        Assert.Equal(10, fixture.Emulator.Journal.Accepted);
        Assert.Equal(10, CountFetches(fixture));
        Assert.Equal(10, result.Output.Select(image => image.Properties["TrackId"].Value).Distinct().Count());
        Assert.All(result.Output, image => Assert.IsType<string>(image.Properties["TrackId"].Value));
    }

    [Fact]
    public async Task Receive_emits_each_generation_once()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync(serviceSeconds: 0.2);

        ScriptResult result = fixture.Run("""
            param($face, $out)
            $hook = New-FaceGenWebhook
            $sent = 'a', 'b', 'c' | New-FaceGenImage -FaceImage $face -Webhook $hook.Uri -NoWait
            Receive-FaceGenWebhook | Save-FaceGenOutput $out
            Receive-FaceGenWebhook
            Get-FaceGenImage
            """, fixture.Face, fixture.OutputFolder).WithoutErrors();

        Assert.Equal(3, result.Output.Count);
        Assert.Equal(3, Directory.GetFiles(fixture.OutputFolder, "*.png").Length);
        Assert.Equal(3, fixture.Emulator.Journal.Accepted);
    }

    [Fact]
    public async Task Receive_Count_waits_for_generations_of_other_programs()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync(serviceSeconds: 0.2);
        var hook = (Uri)fixture.Run("New-FaceGenWebhook").WithoutErrors().Single.Properties["Uri"].Value;
        using var elsewhere = new HttpClient { BaseAddress = fixture.Emulator.BaseUri };
        for (int i = 0; i < 2; i++)
        {
            using var body = new StringContent($$"""
                {"key":"emulator-key","prompt":"from elsewhere {{i}}","face_image":"https://example.org/face.png","webhook":"{{hook}}"}
                """, Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
            (await elsewhere.PostAsync(new Uri("/api/v6/image_editing/face_gen", UriKind.Relative), body)).EnsureSuccessStatusCode();
        }

        ScriptResult result = fixture.Run("Receive-FaceGenWebhook -Count 2 -TimeoutSec 60").WithoutErrors();

        Assert.Equal(2, result.Output.Select(image => image.Properties["Id"].Value).Distinct().Count());
        Assert.All(result.Output, image => Assert.Equal("Success", image.Properties["Status"].Value.ToString()));
    }

    /// <summary>A webhook acts on the account that it was opened for, whichever connection is the default.</summary>
    [Fact]
    public async Task Remove_closes_the_webhook_of_another_account()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        await using EmulatorHost press = await UniqueEmulator.StartAsync(new EmulatorOptions { ServiceTime = ServiceTime.Fixed(TimeSpan.FromSeconds(0.1)) });

        ScriptResult result = fixture.Run("""
            param($face, $uri)
            $null = Connect-FaceGen -Name press -ApiKey emulator-key -BaseUri $uri
            $hook = New-FaceGenWebhook -Connection press
            $null = New-FaceGenImage p $face -Connection press
            $hook | Remove-FaceGenWebhook
            $hook.IsOpen
            $null = New-FaceGenImage q $face -Connection press
            Disconnect-FaceGen Default
            New-FaceGenWebhook -Connection press -OutVariable second | Remove-FaceGenWebhook
            $second.IsOpen
            Remove-FaceGenWebhook -Connection press -WhatIf
            $null = New-FaceGenImage r $face -Connection press
            """, fixture.Face, press.BaseUri).WithoutErrors();

        Assert.Equal([false, false], result.Output.Select(item => item.BaseObject));
        Assert.Equal([true, false, false], press.Journal.Entries.Where(entry => entry.Path.EndsWith("/face_gen", StringComparison.Ordinal))
            .Select(entry => entry.Body!.Contains("\"webhook\"", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Receive_timeout_reports_error()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run("$null = New-FaceGenWebhook; Receive-FaceGenWebhook -Count 1 -TimeoutSec 1");

        Assert.StartsWith("GenerationTimeout,", result.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.StartsWith("0 of 1 generation arrived within 1 s. Nothing is lost.", result.Error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Receive_Count_without_webhook_is_refused()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        Assert.StartsWith("WebhookNotOpened,", fixture.Run("Receive-FaceGenWebhook -Count 1").Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Empty(fixture.Run("Receive-FaceGenWebhook").WithoutErrors().Output);
    }

    [Fact]
    public async Task Remove_webhook_falls_back_to_polling()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync(serviceSeconds: 0.5);

        ScriptResult result = fixture.Run("""
            param($face)
            $hook = New-FaceGenWebhook
            $sent = New-FaceGenImage p -FaceImage $face -NoWait
            $hook | Remove-FaceGenWebhook
            $hook.IsOpen
            $sent | Wait-FaceGenImage -TimeoutSec 100
            """, fixture.Face).WithoutErrors();

        Assert.False((bool)result.Output[0].BaseObject);
        Assert.Equal("Success", result.Output[1].Properties["Status"].Value.ToString());
    }

    [Fact]
    public async Task Remove_webhook_empty_pipeline_removes_nothing()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run("""
            $hooks = New-FaceGenWebhook; $more = New-FaceGenWebhook
            @() | Remove-FaceGenWebhook
            $hooks.IsOpen, $more.IsOpen
            Remove-FaceGenWebhook
            $hooks.IsOpen, $more.IsOpen
            """).WithoutErrors();

        Assert.Equal([true, true, false, false], result.Output.Select(item => (bool)item.BaseObject));
    }

    [Fact]
    public async Task Webhook_WhatIf_opens_and_removes_nothing()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run("New-FaceGenWebhook -WhatIf; $hook = New-FaceGenWebhook; $hook | Remove-FaceGenWebhook -WhatIf; $hook.IsOpen").WithoutErrors();

        Assert.True((bool)result.Single.BaseObject);
    }

    [Theory]
    [InlineData("-PublicUri http://hooks.example", "ParametersInvalid", "-PublicUri 'http://hooks.example/' is not an https address. No webhook was opened.")]
    [InlineData("-PublicUri hooks.example", "ParametersInvalid", "-PublicUri 'hooks.example' is not an https address. No webhook was opened.")]
    [InlineData("-PublicUri https://hooks.example/x?y=1", "ParametersInvalid", "-PublicUri has a query or a fragment")]
    [InlineData("-PublicUri https://hooks.example/x#y", "ParametersInvalid", "-PublicUri has a query or a fragment")]
    [InlineData("-Port 65536", "ParameterArgumentValidationError", null)]
    [InlineData("-ListenAddress 203.0.113.7", "WebhookNotOpened", null)]
    public async Task New_webhook_invalid_arguments_report_error(string parameters, string errorId, string? message)
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ErrorRecord error = fixture.Run($"New-FaceGenWebhook {parameters}").Error;

        Assert.StartsWith(errorId + ",", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        if (message is not null) Assert.StartsWith(message, error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task New_webhook_port_in_use_reports_error()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run("$one = New-FaceGenWebhook; New-FaceGenWebhook -Port $one.Port");

        Assert.StartsWith("WebhookNotOpened,", result.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public async Task New_webhook_PublicUri_is_sent_to_the_service()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run("""
            param($face)
            $hook = New-FaceGenWebhook -PublicUri https://hooks.example/facegen/
            $null = New-FaceGenImage p -FaceImage $face
            $hook.Uri.AbsoluteUri
            """, fixture.Face).WithoutErrors();

        Assert.Matches("^https://hooks.example/facegen/[A-Za-z0-9_-]{43}$", result.Single.ToString());
        Assert.Contains(fixture.Emulator.Journal.Entries, entry => entry.Body?.Contains(result.Single.ToString(), StringComparison.Ordinal) == true);
    }

    private static int CountFetches(SessionFixture fixture) => fixture.Emulator.Journal.Entries.Count(entry => entry.Path.Contains("/fetch/", StringComparison.Ordinal));
}
