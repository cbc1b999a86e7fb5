using System.Text;
using FaceGen.Emulator.Faults;
using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests.Reliability;

/// <summary>The output and files of a batch never contain the key.</summary>
public sealed class BatchKeyTests
{
    [Fact]
    public async Task Batch_writes_the_key_nowhere()
    {
        await using FaultFixture fixture = await FaultFixture.StartAsync(
            [FaultRule.Parse("key-in-refusal@submit:prompt=bad"), FaultRule.Parse("key-echoed@any"), FaultRule.Parse("key-in-500@account:first=1")], speed: 40);
        string csv = Path.Combine(fixture.Folder, "people.csv");
        File.WriteAllText(csv, BatchFixtureExtensions.Csv("a", "bad", "b"));

        ScriptResult result = fixture.Run("""
            param($csv, $out)
            Invoke-FaceGenBatch $csv -Destination $out -Sidecar -MinimumBalance 1 -SummaryVariable summary -LogPath $out/../run.jsonl
            $summary
            Get-FaceGenBatch $out
            Get-FaceGenBatchItem $out
            (Export-FaceGenReport $out/report.html -Ledger $out/facegen.ledger).FullName
            """, csv, fixture.OutputFolder);

        Assert.Equal("RequestRefused", result.Error.FullyQualifiedErrorId.Split(',')[0]);
        Assert.Equal(9, result.Output.Count);
        string everything = fixture.CollectAllText(result) + string.Concat(Directory.GetFiles(fixture.OutputFolder).Append(Path.Combine(fixture.Folder, "run.jsonl")).Select(file => Encoding.Latin1.GetString(File.ReadAllBytes(file))));
        foreach (string spelling in FaultFixture.Encodings(FaultFixture.Key)) Assert.DoesNotContain(spelling, everything, StringComparison.OrdinalIgnoreCase);
    }
}
