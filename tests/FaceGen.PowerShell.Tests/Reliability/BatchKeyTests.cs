using System.Text;
using FaceGen.Emulator.Faults;
using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests.Reliability;

/// <summary>What a batch writes down holds no key, whatever the service says.</summary>
public sealed class BatchKeyTests
{
    [Fact]
    public async Task The_key_is_in_no_stream_no_ledger_and_no_file()
    {
        await using FaultyBed bed = await FaultyBed.StartAsync(
            [FaultRule.Parse("key-in-refusal@submit:prompt=bad"), FaultRule.Parse("key-echoed@any"), FaultRule.Parse("key-in-500@account:first=1")], speed: 40);
        string csv = Path.Combine(bed.Folder, "people.csv");
        File.WriteAllText(csv, BatchRuns.Csv("a", "bad", "b"));

        Ran ran = bed.Run("""
            param($csv, $out)
            Invoke-FaceGenBatch $csv -Destination $out -Sidecar -MinimumBalance 1
            Get-FaceGenBatch $out
            Get-FaceGenBatchItem $out
            (Export-FaceGenReport $out/report.html -Ledger $out/facegen.ledger).FullName
            """, csv, bed.Out);

        Assert.Equal("RequestRefused", ran.Error.FullyQualifiedErrorId.Split(',')[0]);
        Assert.Equal(9, ran.Output.Count);
        string everything = bed.Everything(ran) + string.Concat(Directory.GetFiles(bed.Out).Select(file => Encoding.Latin1.GetString(File.ReadAllBytes(file))));
        foreach (string spelling in FaultyBed.Spellings(FaultyBed.Key)) Assert.DoesNotContain(spelling, everything, StringComparison.OrdinalIgnoreCase);
    }
}
