using FaceGen.Emulator.Faults;
using FaceGen.PowerShell.Tests.Commands;
using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests.Reliability;

/// <summary>Every odd answer to the upload of a face image: the requests are made all the same.</summary>
public sealed class UploadFaultTests
{
    public static IEnumerable<object[]> UploadFaults => Fault.All.Where(fault => fault.Kinds.Contains(CallKind.Upload)).Select(fault => new object[] { fault.Id });

    [Theory]
    [MemberData(nameof(UploadFaults))]
    public async Task Upload_fault_does_not_fail_requests(string fault)
    {
        await using FaultFixture bed = await FaultFixture.StartAsync(
            [new FaultRule(Fault.ById(fault), FaultOn.Upload.Times(2)) { Wait = TimeSpan.FromSeconds(2) }], speed: 20);
        FaceUploadTests.PadTo2MB(bed.Face);

        ScriptResult ran = bed.Run("param($face, $out) 'a', 'b' | New-FaceGenImage -FaceImage $face -Width 16 | Save-FaceGenOutput $out -Sidecar", bed.Face, bed.OutputFolder).WithoutErrors();

        Assert.Equal(2, ran.Output.Count);
        Assert.Equal(2, bed.Emulator.Journal.Accepted);
        Assert.Contains(bed.Emulator.Journal.Entries, entry => entry.Fault == fault);
        bed.AssertNoLeak(ran);
    }
}
