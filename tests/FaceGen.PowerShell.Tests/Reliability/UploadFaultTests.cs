using FaceGen.Emulator.Faults;
using FaceGen.PowerShell.Tests.Commands;
using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests.Reliability;

/// <summary>Every fault of the upload of a face image: the requests are sent anyway.</summary>
public sealed class UploadFaultTests
{
    public static IEnumerable<object[]> UploadFaults => Fault.All.Where(fault => fault.Kinds.Contains(CallKind.Upload)).Select(fault => new object[] { fault.Id });

    [Theory]
    [MemberData(nameof(UploadFaults))]
    public async Task Upload_fault_does_not_fail_requests(string fault)
    {
        await using FaultFixture fixture = await FaultFixture.StartAsync(
            [new FaultRule(Fault.ById(fault), FaultOn.Upload.Times(2)) { Wait = TimeSpan.FromSeconds(2) }], speed: 20);
        FaceUploadTests.PadTo2MB(fixture.Face);

        ScriptResult result = fixture.Run("param($face, $out) 'a', 'b' | New-FaceGenImage -FaceImage $face -Width 16 | Save-FaceGenOutput $out -Sidecar", fixture.Face, fixture.OutputFolder).WithoutErrors();

        Assert.Equal(2, result.Output.Count);
        Assert.Equal(2, fixture.Emulator.Journal.Accepted);
        Assert.Contains(fixture.Emulator.Journal.Entries, entry => entry.Fault == fault);
        fixture.AssertNoLeak(result);
    }
}
