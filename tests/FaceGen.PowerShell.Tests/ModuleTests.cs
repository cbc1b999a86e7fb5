using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests;

/// <summary>The module's exports, assemblies and completions.</summary>
public sealed class ModuleTests
{
    [Fact]
    public void Loaded_assembly_is_the_build_under_test()
    {
        using var session = new Session();

        string location = (string)session.Run("(Get-Command New-FaceGenImage).ImplementingType.Assembly.Location").Single.BaseObject;

        Assert.Equal(Path.Combine(StagedModule.Folder, "bin", StagedModule.Framework), Path.GetDirectoryName(location));
    }

    [Fact]
    public void Exported_cmdlets_match_the_manifest()
    {
        using var session = new Session();

        ScriptResult listed = session.Run("param($manifest) (Test-ModuleManifest $manifest).ExportedCmdlets.Keys", StagedModule.StagedManifest).WithoutErrors();
        ScriptResult exported = session.Run("(Get-Module FaceGen).ExportedCommands.Keys").WithoutErrors();

        Assert.NotEmpty(listed.Output);
        Assert.Equal(listed.Output.Select(name => name.ToString()).Order(), exported.Output.Select(name => name.ToString()).Order());
    }

    [Fact]
    public void Manifest_has_editions_version_and_license()
    {
        using var session = new Session();

        ScriptResult result = session.Run("""
            param($manifest)
            $manifestData = Test-ModuleManifest $manifest
            "$($manifestData.CompatiblePSEditions)", "$($manifestData.PowerShellVersion)", "$($manifestData.LicenseUri)", $manifestData.Copyright
            """, StagedModule.StagedManifest).WithoutErrors();

        Assert.Equal(
            ["Desktop Core", "5.1", "https://opensource.org/license/mit", "(c) The FaceGen authors. MIT license."],
            result.Output.Select(value => value.ToString()));
    }

    [Fact]
    public void Import_Force_can_be_repeated()
    {
        using var session = new Session();

        ScriptResult result = session.Run("""
            param($manifest)
            Import-Module $manifest -Force -ErrorAction Stop
            Remove-Module FaceGen
            Import-Module $manifest -Force -ErrorAction Stop
            (Get-Command -Module FaceGen).Count
            Get-FaceGenConnection
            """, StagedModule.Manifest).WithoutErrors();

        Assert.Equal(23, result.Output[0].BaseObject);
    }

    [Theory]
    [InlineData("New-FaceGenImage p -Style c", "chibi,comic")]
    [InlineData("New-FaceGenImage p -SafetyCheckerType b", "black,blur")]
    [InlineData("New-FaceGenImage p -NumInferenceSteps ", "21,31,41")]
    public void Completer_offers_values_listed_by_the_api(string line, string choices)
    {
        using var session = new Session();

        ScriptResult result = session.Run("param($line) (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText", line).WithoutErrors();

        Assert.Equal(choices, string.Join(",", result.Output.Select(text => text.ToString()).Order()));
    }
}
