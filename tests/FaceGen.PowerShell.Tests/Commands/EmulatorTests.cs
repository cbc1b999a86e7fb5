using System.Diagnostics;
using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests.Commands;

public sealed class EmulatorTests
{
    [Fact]
    public void An_emulator_starts_connects_by_the_pipeline_and_stops()
    {
        using var session = new Session();

        Ran ran = session.Run("""
            $script:e = Start-FaceGenEmulator -QueueLimit 7 -ServiceTime fixed:0
            $null = $e | Connect-FaceGen
            Get-FaceGenConnection
            Test-FaceGenConnection
            $e.ProcessId
            """).WithoutErrors();
        using Process process = Process.GetProcessById((int)ran.Output[2].BaseObject);
        session.Run("$e | Stop-FaceGenEmulator -WhatIf").WithoutErrors();
        Assert.False(process.WaitForExit(200));
        session.Run("$e | Stop-FaceGenEmulator").WithoutErrors();

        Assert.Equal(7, ran.Output[0].Properties["QueueLimit"].Value);
        Assert.Equal(true, ran.Output[1].BaseObject);
        Assert.True(process.WaitForExit(5000));
    }

    [Theory]
    [InlineData("-EtaError 0.5", true)]
    [InlineData("-NoEta", false)]
    public void An_emulator_names_etas_as_it_is_told_to(string parameters, bool namesThem)
    {
        using var session = new Session();

        Ran ran = session.Run($$"""
            $script:e = Start-FaceGenEmulator -ServiceTime fixed:1000 {{parameters}}
            $null = $e | Connect-FaceGen
            New-FaceGenImage a -FaceImage https://example.com/face.png -NoWait
            """).WithoutErrors();
        session.Run("$e | Stop-FaceGenEmulator").WithoutErrors();

        var eta = (double?)ran.Single.Properties["Eta"].Value;
        Assert.Equal(namesThem, eta is >= 500 and <= 1501 and not 1000);
        Assert.Equal(namesThem, eta is not null);
    }

    [Fact]
    public void An_emulator_goes_wrong_where_it_is_told_to()
    {
        using var session = new Session();
        string face = Path.Combine(Directory.CreateTempSubdirectory("facegen-").FullName, "face.png");
        File.WriteAllBytes(face, TestBed.DrawFace());

        Ran ran = session.Run("""
            param($face)
            $script:e = Start-FaceGenEmulator -ServiceTime fixed:0 -Fault 'Q1-error@submit:nth=1', 'accepted-then-dropped@submit:nth=2'
            $null = $e | Connect-FaceGen
            'a','b','c' | New-FaceGenImage -FaceImage $face -ThrottleLimit 1
            """, face);
        session.Run("$e | Stop-FaceGenEmulator").WithoutErrors();
        Directory.Delete(Path.GetDirectoryName(face)!, recursive: true);

        Assert.Equal(["RequestRefused", "SubmissionUncertain"], ran.Errors.Select(error => error.FullyQualifiedErrorId.Split(',')[0]));
        Assert.Equal("c", ran.Single.Properties["Prompt"].Value);
    }

    [Theory]
    [InlineData("nonsense@submit")]
    [InlineData("Q1-error")]
    public void A_fault_that_is_none_is_told_by_the_emulator_s_own_words(string rule)
    {
        using var session = new Session();

        Ran ran = session.Run("param($rule) Start-FaceGenEmulator -Fault $rule", rule);

        Assert.StartsWith("ParametersInvalid,", ran.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.StartsWith($"-Fault: The fault rule '{rule}' is wrong. ", ran.Error.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("--", ran.Error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_service_time_that_is_none_is_told_by_the_emulator_s_own_words()
    {
        using var session = new Session();

        Ran ran = session.Run("Start-FaceGenEmulator -ServiceTime sometimes");

        Assert.StartsWith("ParametersInvalid,", ran.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.StartsWith("-ServiceTime wants ", ran.Error.ToString(), StringComparison.Ordinal);
        Assert.EndsWith(", not 'sometimes'.", ran.Error.ToString(), StringComparison.Ordinal);
    }
}
