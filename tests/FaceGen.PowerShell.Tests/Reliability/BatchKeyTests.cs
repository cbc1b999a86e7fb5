using System.Text;
using FaceGen.Emulator.Faults;
using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests.Reliability;

/// <summary>What a batch writes down holds no key, whatever the service says.</summary>
public sealed class BatchKeyTests
{
    [Fact]
    public async Task Batch_writes_the_key_nowhere()
    {
        await using FaultFixture bed = await FaultFixture.StartAsync(
            [FaultRule.Parse("key-in-refusal@submit:prompt=bad"), FaultRule.Parse("key-echoed@any"), FaultRule.Parse("key-in-500@account:first=1")], speed: 40);
        string csv = Path.Combine(bed.Folder, "people.csv");
        File.WriteAllText(csv, BatchFixtureExtensions.Csv("a", "bad", "b"));

        ScriptResult ran = bed.Run("""
            param($csv, $out)
            Invoke-FaceGenBatch $csv -Destination $out -Sidecar -MinimumBalance 1
            Get-FaceGenBatch $out
            Get-FaceGenBatchItem $out
            (Export-FaceGenReport $out/report.html -Ledger $out/facegen.ledger).FullName
            """, csv, bed.OutputFolder);

        Assert.Equal("RequestRefused", ran.Error.FullyQualifiedErrorId.Split(',')[0]);
        Assert.Equal(9, ran.Output.Count);
        string everything = bed.CollectAllText(ran) + string.Concat(Directory.GetFiles(bed.OutputFolder).Select(file => Encoding.Latin1.GetString(File.ReadAllBytes(file))));
        foreach (string spelling in FaultFixture.Encodings(FaultFixture.Key)) Assert.DoesNotContain(spelling, everything, StringComparison.OrdinalIgnoreCase);
    }
}
