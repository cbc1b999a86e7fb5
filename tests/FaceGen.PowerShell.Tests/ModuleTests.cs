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

    /// <summary>Tools that edit, publish or check modules read the manifest as data.</summary>
    [Fact]
    public void Manifest_is_static_data()
    {
        using var session = new Session();

        ScriptResult result = session.Run("""
            param($manifest)
            $ast = [System.Management.Automation.Language.Parser]::ParseFile($manifest, [ref] $null, [ref] $null)
            $manifestData = $ast.Find({ $args[0] -is [System.Management.Automation.Language.HashtableAst] }, $false).SafeGetValue()
            "$($manifestData.RootModule)", "$($manifestData.DotNetFrameworkVersion)"
            """, StagedModule.StagedManifest).WithoutErrors();

        Assert.Equal(["FaceGen.psm1", "4.7.2"], result.Output.Select(value => value.ToString()));
    }

    [Fact]
    public void Commands_belong_to_the_module_and_end_with_it()
    {
        using var session = new Session();

        ScriptResult result = session.Run("""
            (Get-Command New-FaceGenImage).Source
            (Get-Module).Name -join ' '
            Remove-Module FaceGen
            "$((Get-Command New-FaceGenImage -ErrorAction Ignore).Name)$((Get-Module).Name)"
            """).WithoutErrors();

        Assert.Equal("FaceGen", result.Output[0].ToString());
        Assert.Contains("FaceGen", result.Output[1].ToString()!.Split(' '));
        Assert.DoesNotContain("FaceGen.PowerShell", result.Output[1].ToString()!.Split(' '));
        Assert.DoesNotContain("FaceGen", result.Output[2].ToString(), StringComparison.Ordinal);
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
