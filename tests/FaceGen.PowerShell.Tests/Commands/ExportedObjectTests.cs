using System.Reflection;
using System.Xml.Linq;
using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests.Commands;

/// <summary>Serialized objects hold their request once, and can be used again. The Pester suite tests Export-Csv and ConvertTo-Json.</summary>
public sealed class ExportedObjectTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(6)]
    public async Task Deserialized_objects_are_saved_again_and_hold_the_request_once(int depth)
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        string csv = fixture.Write("people.csv", $"prompt,face_image,width,sam\nin a batch,{fixture.Face},32,jdoe\n");

        ScriptResult result = fixture.Run("""
            param($csv, $out, $depth)
            function Send-Away { process { [Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize($_, $depth)) } }
            $i = Invoke-FaceGenBatch $csv -Destination $out | Where-Object Source
            [Management.Automation.PSSerializer]::Serialize($i, $depth)
            $i | Send-Away | Save-FaceGenOutput $out/again -Name '{sam} {seed}' | ForEach-Object Name
            $i.Files | Send-Away | Save-FaceGenOutput $out/files -Name 'f {seed}' | ForEach-Object Name
            $again = $i | Send-Away | New-FaceGenImage -Style comic
            $again.Request.Columns['sam'], $again.Prompt, $again.Request.Width
            $i.Files.Generation.Prompt, $i.Generation.Prompt
            """, csv, fixture.OutputFolder, depth).WithoutErrors();

        string seed = fixture.Run("$i.Seed").Single.ToString();
        XElement[] values = [.. XDocument.Parse(result.Output[0].ToString()).Descendants().Where(element => element.Elements().Any(child => child.Name.LocalName == "Props") || element.Name.LocalName == "S")];
        Assert.Single(values, value => (string?)value.Attribute("N") == "Request");
        Assert.Single(values, value => (string?)value.Attribute("N") == "NegativePrompt" || ((string?)value.Attribute("N") == "Prompt" && value.Ancestors().Any(owner => (string?)owner.Attribute("N") == "Request")));
        Assert.Equal([$"jdoe {seed}.png", $"f {seed}.png", "jdoe", "in a batch", "32", "in a batch", "in a batch"], result.Output.Skip(1).Select(item => item.ToString()));
        Assert.Equal(2, fixture.Emulator.Journal.Accepted);
    }

    [Fact]
    public void Serialized_properties_are_all_that_a_type_has()
    {
        using var session = new Session();
        var core = (Assembly)session.Run("(Get-Command Get-FaceGenConnection).OutputType[0].Type.Assembly").Single.BaseObject;
        foreach (XElement type in XDocument.Load(Path.Combine(StagedModule.Folder, "FaceGen.Types.ps1xml")).Descendants("Type"))
        {
            string[] serialized = [.. type.Descendants("PropertySet").Where(set => set.Element("Name")!.Value == "PropertySerializationSet").Descendants("ReferencedProperties").Elements().Select(name => name.Value)];
            if (serialized.Length == 0) continue;

            Assert.Equal(core.GetType(type.Element("Name")!.Value)!.GetProperties().Select(property => property.Name).Order(), serialized.Order());
        }
    }
}
