using System.Diagnostics;
using System.Net;
using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests.Commands;

public sealed class EmulatorTests
{
    [Fact]
    public void Emulator_starts_connects_through_pipeline_and_stops()
    {
        using var session = new Session();

        ScriptResult result = session.Run("""
            $script:e = Start-FaceGenEmulator -QueueLimit 7 -ServiceTime fixed:0
            $null = $e | Connect-FaceGen
            Get-FaceGenConnection
            Test-FaceGenConnection
            $e.ProcessId
            """).WithoutErrors();
        using Process process = Process.GetProcessById((int)result.Output[2].BaseObject);
        session.Run("$e | Stop-FaceGenEmulator -WhatIf").WithoutErrors();
        Assert.False(process.WaitForExit(200));
        session.Run("$e | Stop-FaceGenEmulator").WithoutErrors();

        Assert.Equal(7, result.Output[0].Properties["QueueLimit"].Value);
        Assert.Equal(true, result.Output[1].BaseObject);
        Assert.True(process.WaitForExit(5000));
    }

    [Theory]
    [InlineData("-EtaError 0.5", true)]
    [InlineData("-NoEta", false)]
    public void Emulator_eta_follows_parameters(string parameters, bool namesThem)
    {
        using var session = new Session();

        ScriptResult result = session.Run($$"""
            $script:e = Start-FaceGenEmulator -ServiceTime fixed:1000 {{parameters}}
            $null = $e | Connect-FaceGen
            New-FaceGenImage a -FaceImage https://example.com/face.png -NoWait
            """).WithoutErrors();
        session.Run("$e | Stop-FaceGenEmulator").WithoutErrors();

        var eta = (double?)result.Single.Properties["Eta"].Value;
        Assert.Equal(namesThem, eta is >= 500 and <= 1501 and not 1000);
        Assert.Equal(namesThem, eta is not null);
    }

    [Theory]
    [InlineData("", HttpStatusCode.OK)]
    [InlineData("-Strict", HttpStatusCode.BadRequest)]
    public async Task Emulator_strict_refuses_a_number_as_text(string parameter, HttpStatusCode expected)
    {
        using var session = new Session();
        var address = (Uri)session.Run($"$script:e = Start-FaceGenEmulator -ServiceTime fixed:0 {parameter}; $e.BaseUri").WithoutErrors().Single.BaseObject;
        using var client = new HttpClient();
        using var body = new StringContent("""{"key":"emulator-key","prompt":"a","face_image":"https://example.com/face.png","width":"64"}""");

        using HttpResponseMessage response = await client.PostAsync(new Uri(address, "api/v6/image_editing/face_gen"), body);
        session.Run("$e | Stop-FaceGenEmulator").WithoutErrors();

        Assert.Equal(expected, response.StatusCode);
    }

    [Fact]
    public void Emulator_fault_parameter_injects_faults()
    {
        using var session = new Session();
        string face = Path.Combine(Directory.CreateTempSubdirectory("facegen-").FullName, "face.png");
        File.WriteAllBytes(face, SessionFixture.DrawFace());

        ScriptResult result = session.Run("""
            param($face)
            $script:e = Start-FaceGenEmulator -ServiceTime fixed:0 -Fault 'Q1-error@submit:nth=1', 'accepted-then-dropped@submit:nth=2'
            $null = $e | Connect-FaceGen
            'a','b','c' | New-FaceGenImage -FaceImage $face -ThrottleLimit 1
            """, face);
        session.Run("$e | Stop-FaceGenEmulator").WithoutErrors();
        Directory.Delete(Path.GetDirectoryName(face)!, recursive: true);

        Assert.Equal(["RequestRefused", "SubmissionUncertain"], result.Errors.Select(error => error.FullyQualifiedErrorId.Split(',')[0]));
        Assert.Equal("c", result.Single.Properties["Prompt"].Value);
    }

    [Theory]
    [InlineData("nonsense@submit")]
    [InlineData("Q1-error")]
    public void Emulator_invalid_fault_reports_emulator_message(string rule)
    {
        using var session = new Session();

        ScriptResult result = session.Run("param($rule) Start-FaceGenEmulator -Fault $rule", rule);

        Assert.StartsWith("ParametersInvalid,", result.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.StartsWith($"-Fault: The fault rule '{rule}' is invalid. ", result.Error.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("--", result.Error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Emulator_invalid_service_time_reports_emulator_message()
    {
        using var session = new Session();

        ScriptResult result = session.Run("Start-FaceGenEmulator -ServiceTime sometimes");

        Assert.StartsWith("ParametersInvalid,", result.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.StartsWith("-ServiceTime must be ", result.Error.ToString(), StringComparison.Ordinal);
        Assert.EndsWith(", not 'sometimes'.", result.Error.ToString(), StringComparison.Ordinal);
    }
}
