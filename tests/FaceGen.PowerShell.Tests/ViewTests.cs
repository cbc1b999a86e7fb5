using System.Reflection;
using System.Xml.Linq;
using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests;

/// <summary>Views show external text without control characters.</summary>
public sealed class ViewTests
{
    [Fact]
    public void Views_clean_every_text()
    {
        using var session = new Session();
        var core = (Assembly)session.Run("(Get-Command Get-FaceGenConnection).OutputType[0].Type.Assembly").Single.BaseObject;
        XDocument views = XDocument.Load(Path.Combine(StagedModule.Folder, "FaceGen.Format.ps1xml"));
        List<string> raw = [];
        foreach (XElement view in views.Descendants("View"))
        {
            Type type = core.GetType(view.Element("ViewSelectedBy")!.Element("TypeName")!.Value, throwOnError: true)!;
            raw.AddRange(view.Descendants("PropertyName").Select(item => type.GetProperty(item.Value)!)
                .Where(property => MayBeText(property.PropertyType) && property.Name is not ("Sha256" or "State" or "Status" or "Format" or "ErrorCode")).Select(property => $"{type.Name}.{property.Name}"));
        }

        Assert.Empty(raw.Distinct());
    }

    private static bool MayBeText(Type type) => !(Nullable.GetUnderlyingType(type) ?? type).IsValueType;
}
