using System.Management.Automation;
using System.Net.Http.Headers;
using System.Text;
using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests.Commands;

/// <summary>New-, Receive- and Remove-FaceGenWebhook, and what New-FaceGenImage makes of them.</summary>
public sealed class WebhookTests
{
    [Fact]
    public async Task Webhook_delivery_causes_one_fetch()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync(serviceSeconds: 0.3);

        ScriptResult ran = bed.Run("""
            param($face)
            $null = New-FaceGenWebhook
            1..10 | ForEach-Object { "person $_" } | New-FaceGenImage -FaceImage $face
            """, bed.Face).WithoutErrors();

        Assert.Equal(10, ran.Output.Count);
        Assert.All(ran.Output, image => Assert.Equal("Success", image.Properties["Status"].Value.ToString()));
        Assert.Equal(10, bed.Emulator.Journal.Accepted);
        Assert.Equal(10, CountFetches(bed));
        Assert.Equal(10, ran.Output.Select(image => image.Properties["TrackId"].Value).Distinct().Count());
        Assert.All(ran.Output, image => Assert.IsType<long>(image.Properties["TrackId"].Value));
    }

    [Fact]
    public async Task Receive_emits_each_generation_once()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync(serviceSeconds: 0.2);

        ScriptResult ran = bed.Run("""
            param($face, $out)
            $hook = New-FaceGenWebhook
            $sent = 'a', 'b', 'c' | New-FaceGenImage -FaceImage $face -Webhook $hook.Uri -NoWait
            Receive-FaceGenWebhook | Save-FaceGenOutput $out
            Receive-FaceGenWebhook
            Get-FaceGenImage
            """, bed.Face, bed.OutputFolder).WithoutErrors();

        Assert.Equal(3, ran.Output.Count);
        Assert.Equal(3, Directory.GetFiles(bed.OutputFolder, "*.png").Length);
        Assert.Equal(3, bed.Emulator.Journal.Accepted);
    }

    [Fact]
    public async Task Receive_Count_waits_for_generations_of_other_programs()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync(serviceSeconds: 0.2);
        var hook = (Uri)bed.Run("New-FaceGenWebhook").WithoutErrors().Single.Properties["Uri"].Value;
        using var elsewhere = new HttpClient { BaseAddress = bed.Emulator.BaseUri };
        for (int i = 0; i < 2; i++)
        {
            using var body = new StringContent($$"""
                {"key":"emulator-key","prompt":"from elsewhere {{i}}","face_image":"https://example.org/face.png","webhook":"{{hook}}"}
                """, Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
            (await elsewhere.PostAsync(new Uri("/api/v6/image_editing/face_gen", UriKind.Relative), body)).EnsureSuccessStatusCode();
        }

        ScriptResult ran = bed.Run("Receive-FaceGenWebhook -Count 2 -TimeoutSec 60").WithoutErrors();

        Assert.Equal(2, ran.Output.Select(image => image.Properties["Id"].Value).Distinct().Count());
        Assert.All(ran.Output, image => Assert.Equal("Success", image.Properties["Status"].Value.ToString()));
    }

    [Fact]
    public async Task Receive_timeout_reports_error()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();

        ScriptResult ran = bed.Run("$null = New-FaceGenWebhook; Receive-FaceGenWebhook -Count 1 -TimeoutSec 1");

        Assert.StartsWith("GenerationTimeout,", ran.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal("0 of 1 generations came within 1 seconds. What this session submitted is not lost: Get-FaceGenImage lists it.", ran.Error.ToString());
    }

    [Fact]
    public async Task Receive_Count_without_webhook_is_refused()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();

        Assert.StartsWith("WebhookNotOpened,", bed.Run("Receive-FaceGenWebhook -Count 1").Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Empty(bed.Run("Receive-FaceGenWebhook").WithoutErrors().Output);
    }

    [Fact]
    public async Task Remove_webhook_falls_back_to_polling()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync(serviceSeconds: 0.5);

        ScriptResult ran = bed.Run("""
            param($face)
            $hook = New-FaceGenWebhook
            $sent = New-FaceGenImage p -FaceImage $face -NoWait
            $hook | Remove-FaceGenWebhook
            $hook.IsOpen
            $sent | Wait-FaceGenImage -TimeoutSec 100
            """, bed.Face).WithoutErrors();

        Assert.False((bool)ran.Output[0].BaseObject);
        Assert.Equal("Success", ran.Output[1].Properties["Status"].Value.ToString());
    }

    [Fact]
    public async Task Remove_webhook_empty_pipeline_removes_nothing()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();

        ScriptResult ran = bed.Run("""
            $hooks = New-FaceGenWebhook; $more = New-FaceGenWebhook
            @() | Remove-FaceGenWebhook
            $hooks.IsOpen, $more.IsOpen
            Remove-FaceGenWebhook
            $hooks.IsOpen, $more.IsOpen
            """).WithoutErrors();

        Assert.Equal([true, true, false, false], ran.Output.Select(item => (bool)item.BaseObject));
    }

    [Fact]
    public async Task Webhook_WhatIf_opens_and_removes_nothing()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();

        ScriptResult ran = bed.Run("New-FaceGenWebhook -WhatIf; $hook = New-FaceGenWebhook; $hook | Remove-FaceGenWebhook -WhatIf; $hook.IsOpen").WithoutErrors();

        Assert.True((bool)ran.Single.BaseObject);
    }

    [Theory]
    [InlineData("-PublicUri http://hooks.example", "ParametersInvalid", "-PublicUri is not an https address: 'http://hooks.example/'.")]
    [InlineData("-PublicUri hooks.example", "ParametersInvalid", "-PublicUri is not an https address: 'hooks.example'.")]
    [InlineData("-PublicUri https://hooks.example/x?y=1", "ParametersInvalid", "-PublicUri ends in a query or a fragment: the webhook's own path has to follow it.")]
    [InlineData("-PublicUri https://hooks.example/x#y", "ParametersInvalid", "-PublicUri ends in a query or a fragment: the webhook's own path has to follow it.")]
    [InlineData("-Port 65536", "ParameterArgumentValidationError", null)]
    [InlineData("-ListenAddress 203.0.113.7", "WebhookNotOpened", null)]
    public async Task New_webhook_invalid_arguments_report_error(string parameters, string errorId, string? message)
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();

        ErrorRecord error = bed.Run($"New-FaceGenWebhook {parameters}").Error;

        Assert.StartsWith(errorId + ",", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        if (message is not null) Assert.Equal(message, error.ToString());
    }

    [Fact]
    public async Task New_webhook_port_in_use_reports_error()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();

        ScriptResult ran = bed.Run("$one = New-FaceGenWebhook; New-FaceGenWebhook -Port $one.Port");

        Assert.StartsWith("WebhookNotOpened,", ran.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public async Task New_webhook_PublicUri_is_sent_to_the_service()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();

        ScriptResult ran = bed.Run("""
            param($face)
            $hook = New-FaceGenWebhook -PublicUri https://hooks.example/facegen/
            $null = New-FaceGenImage p -FaceImage $face
            $hook.Uri.AbsoluteUri
            """, bed.Face).WithoutErrors();

        Assert.Matches("^https://hooks.example/facegen/[A-Za-z0-9_-]{43}$", ran.Single.ToString());
        Assert.Contains(bed.Emulator.Journal.Entries, entry => entry.Body?.Contains(ran.Single.ToString(), StringComparison.Ordinal) == true);
    }

    private static int CountFetches(SessionFixture fixture) => fixture.Emulator.Journal.Entries.Count(entry => entry.Path.Contains("/fetch/", StringComparison.Ordinal));
}
