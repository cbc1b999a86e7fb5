using FaceGen.Emulator.Faults;
using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests.Reliability;

/// <summary>A generation whose id the service denies is found by what its objects know of it.</summary>
public sealed class DeniedIdTests
{
    /// <summary>The service denies the id, and an object of another session knows where else the generation is (Q42).</summary>
    [Theory]
    [InlineData("Q42-other-path", "$generation | Wait-FaceGenImage")]
    [InlineData("Q42-other-path", "Wait-FaceGenImage -Id $generation")]
    [InlineData("Q42-other-path", "$generation | Get-FaceGenImage")]
    [InlineData("Q42-other-path", "$generation | Save-FaceGenOutput $out/again -Name g")]
    [InlineData("Q42-other-path", "$item | Get-FaceGenImage")]
    [InlineData("Q42-other-path", "Wait-FaceGenImage -Id $item")]
    [InlineData("Q42-other-path", "Get-FaceGenBatchItem $out | Get-FaceGenImage")]
    [InlineData("Q42-other-path", "Wait-FaceGenImage -Id (Get-FaceGenBatchItem $out)")]
    [InlineData("Q42-links-only", "$generation | Get-FaceGenImage")]
    [InlineData("Q42-links-only", "$generation | Wait-FaceGenImage")]
    [InlineData("Q42-links-only", "Get-FaceGenBatchItem $out | Get-FaceGenImage")]
    public async Task Object_of_another_session_finds_a_generation_whose_id_is_denied(string fault, string script)
    {
        foreach (int depth in (int[])[1, 2])
        {
            await using FaultFixture fixture = await FaultFixture.StartAsync([new FaultRule(Fault.ById(fault), FaultOn.Submit)], speed: 20, serviceSeconds: 1);
            string csv = Path.Combine(fixture.Folder, "people.csv");
            File.WriteAllText(csv, $"prompt,face_image,width\np,{fixture.Face},32\n");
            fixture.Run("""
                param($csv, $face, $out, $depth)
                function Send-Away { process { [Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize($_, $depth)) } }
                $item = Invoke-FaceGenBatch $csv -Destination $out | Where-Object Source | Send-Away
                $generation = New-FaceGenImage other $face -Width 32 -NoWait | Send-Away
                """, csv, fixture.Face, fixture.OutputFolder, depth).WithoutErrors();
            fixture.Emulator.Clock.Advance(TimeSpan.FromMinutes(10));
            fixture.ForgetGenerations();

            ScriptResult result = fixture.Run(script).WithoutErrors();

            Assert.NotNull(result.Single.Properties["Id"].Value);
            Assert.Equal(2, fixture.Emulator.Journal.Accepted);
        }
    }
}
