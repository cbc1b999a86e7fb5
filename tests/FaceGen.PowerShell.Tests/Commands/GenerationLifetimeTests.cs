using System.Reflection;
using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests.Commands;

/// <summary>How long a session keeps generations.</summary>
public sealed class GenerationLifetimeTests
{
    [Fact]
    public async Task Pipeline_does_not_retain_emitted_generations()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run("""
            param($face)
            $emitted = [System.Collections.Generic.List[WeakReference]]::new()
            1..40 | ForEach-Object { "person $_" } | New-FaceGenImage -FaceImage $face -ThrottleLimit 1 | ForEach-Object {
                $emitted.Add([WeakReference]::new($_.PSObject.BaseObject))
                if ($emitted.Count -eq 40) {
                    [GC]::Collect(); [GC]::WaitForPendingFinalizers(); [GC]::Collect()
                    $emitted.Where({ $_.IsAlive }).Count
                }
            }
            """, fixture.Face).WithoutErrors();

        Assert.InRange((int)result.Single.BaseObject, 0, 10);
    }

    [Fact]
    public async Task Stopped_command_keeps_emitted_generations_pending()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run("""
            param($face, $out)
            foreach ($once in 1) { 1..3 | ForEach-Object { "person $_" } | New-FaceGenImage -FaceImage $face -ThrottleLimit 1 | ForEach-Object { $emitted = $_; break } }
            Get-FaceGenImage | Where-Object Id -eq $emitted.Id
            Wait-FaceGenImage | Save-FaceGenOutput $out -Name '{prompt}'
            """, fixture.Face, fixture.OutputFolder).WithoutErrors();

        // The requests wait for one upload together, so that any of them may be the first.
        object emitted = fixture.Run("$emitted.Prompt").WithoutErrors().Single.BaseObject;
        Assert.Equal(("Success", emitted), (result.Output[0].Properties["Status"].Value.ToString(), result.Output[0].Properties["Prompt"].Value));
        Assert.Single((IEnumerable<Uri>)result.Output[0].Properties["Output"].Value);
        Assert.Contains($"{emitted}.png", Directory.GetFiles(fixture.OutputFolder).Select(Path.GetFileName));
        Assert.Empty(fixture.Run("Get-FaceGenImage").WithoutErrors().Output);
    }

    [Fact]
    public async Task Expired_generation_is_reported_once()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync(serviceSeconds: 1000);
        ScriptResult sent = fixture.Run("param($face) New-FaceGenImage p -FaceImage $face -NoWait; Get-FaceGenConnection", fixture.Face).WithoutErrors();
        var id = (string)sent.Output[0].Properties["Id"].Value;
        Evict(sent.Output[1].BaseObject, id);

        ScriptResult first = fixture.Run("Get-FaceGenImage"), second = fixture.Run("Get-FaceGenImage").WithoutErrors();

        Assert.StartsWith("GenerationTimeout,", first.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains(id, first.Error.ToString(), StringComparison.Ordinal);
        Assert.Empty(first.Output);
        Assert.Empty(second.Output);
    }

    /// <summary>Expires a generation, as a day after it was accepted.</summary>
    private static void Evict(object connection, string id)
    {
        const BindingFlags all = BindingFlags.Static | BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public;
        Type accountType = connection.GetType().Assembly.GetType("FaceGen.Generating.Account", throwOnError: true)!;
        object account = accountType.GetMethod("For", all)!.Invoke(null, [connection])!;
        object poller = accountType.GetMethod("Find", all)!.Invoke(account, [id])!;
        object outcome = poller.GetType().GetMethod("CreateExpiredError", all)!.Invoke(poller, ["still pending"])!;
        accountType.GetMethod("Evict", all)!.Invoke(account, [poller, outcome]);
    }
}
