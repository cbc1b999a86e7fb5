using System.Management.Automation;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests;

/// <summary>Checks every cmdlet against PowerShell's development guidelines.</summary>
public sealed partial class ConventionTests
{
    /// <summary>The verbs of cmdlets that change something outside the session or cost money.</summary>
    private static readonly string[] StateChangingVerbs = ["New", "Remove", "Save", "Invoke", "Export", "Publish", "Start", "Stop", "Disconnect"];

    private static readonly Lazy<CmdletInfo[]> Exported = new(() =>
    {
        using var session = new Session();
        return [.. session.Run("Get-Command -Module FaceGen").WithoutErrors().Output.Select(item => (CmdletInfo)item.BaseObject)];
    });

    public static TheoryData<string> Cmdlets => [.. Exported.Value.Select(cmdlet => cmdlet.Name)];

    [Fact]
    public void Verbs_are_approved()
    {
        string[] approved = [.. new[] { typeof(VerbsCommon), typeof(VerbsCommunications), typeof(VerbsData), typeof(VerbsDiagnostic), typeof(VerbsLifecycle), typeof(VerbsOther), typeof(VerbsSecurity) }
            .SelectMany(verbs => verbs.GetFields()).Select(verb => verb.Name)];

        Assert.Empty(Exported.Value.Select(cmdlet => cmdlet.Verb).Except(approved));
    }

    [Theory]
    [MemberData(nameof(Cmdlets))]
    public void Nouns_have_the_module_prefix_and_are_singular(string name)
    {
        string noun = FindCmdlet(name).Noun;

        Assert.StartsWith("FaceGen", noun, StringComparison.Ordinal);
        Assert.Matches(Pascal(), noun);
        Assert.False(noun.EndsWith('s'), $"{noun} is not singular.");
    }

    [Theory]
    [MemberData(nameof(Cmdlets))]
    public void Class_is_named_after_its_cmdlet_and_sealed(string name)
    {
        Type type = FindCmdlet(name).ImplementingType;

        Assert.Equal($"{name.Replace("-", "", StringComparison.Ordinal)}Command", type.Name);
        Assert.True(type.IsSealed);
    }

    [Theory]
    [MemberData(nameof(Cmdlets))]
    public void Parameters_are_pascal_case_and_singular(string name)
    {
        foreach (ParameterMetadata parameter in GetParameters(name))
        {
            Assert.Matches(Pascal(), parameter.Name);
            Assert.False(parameter.ParameterType.IsArray && parameter.Name.EndsWith('s') && parameter.Name != "Status", $"{name} -{parameter.Name} is not singular.");
        }
    }

    [Theory]
    [MemberData(nameof(Cmdlets))]
    public void State_changing_cmdlets_support_ShouldProcess(string name)
    {
        CmdletInfo cmdlet = FindCmdlet(name);
        CmdletAttribute declared = cmdlet.ImplementingType.GetCustomAttribute<CmdletAttribute>()!;

        Assert.Equal(StateChangingVerbs.Contains(cmdlet.Verb), declared.SupportsShouldProcess);
        // A deletion at the service cannot be undone.
        if (declared.SupportsShouldProcess) Assert.Equal(name == "Remove-FaceGenImage" ? ConfirmImpact.High : ConfirmImpact.Medium, declared.ConfirmImpact);
    }

    [Theory]
    [MemberData(nameof(Cmdlets))]
    public void Path_has_a_LiteralPath(string name)
    {
        Dictionary<string, ParameterMetadata> parameters = FindCmdlet(name).Parameters;
        if (!parameters.TryGetValue("Path", out ParameterMetadata? path)) return;

        ParameterMetadata literal = Assert.Contains("LiteralPath", parameters);
        Assert.Contains("PSPath", literal.Aliases);
        Assert.Equal(path.ParameterType, literal.ParameterType);
        // They exclude each other.
        Assert.Empty(path.ParameterSets.Keys.Intersect(literal.ParameterSets.Keys));
    }

    [Theory]
    [MemberData(nameof(Cmdlets))]
    public void Positions_start_at_0_and_are_unique(string name)
    {
        foreach (CommandParameterSetInfo set in FindCmdlet(name).ParameterSets)
        {
            int[] positions = [.. set.Parameters.Select(parameter => parameter.Position).Where(position => position >= 0).Order()];

            Assert.Equal(Enumerable.Range(0, positions.Length), positions);
            Assert.InRange(positions.Length, 0, 2);
            Assert.DoesNotContain(set.Parameters, parameter => parameter.Position >= 0 && parameter.ParameterType == typeof(SwitchParameter));
        }
    }

    [Theory]
    [MemberData(nameof(Cmdlets))]
    public void Parameter_set_has_at_most_one_pipeline_parameter(string name) =>
        Assert.All(FindCmdlet(name).ParameterSets, set => Assert.InRange(set.Parameters.Count(parameter => parameter.ValueFromPipeline), 0, 1));

    [Theory]
    [MemberData(nameof(Cmdlets))]
    public void Names_and_aliases_are_unique(string name)
    {
        string[] names = [.. FindCmdlet(name).Parameters.Values.SelectMany(parameter => parameter.Aliases.Prepend(parameter.Name))];

        Assert.Equal(names.Length, names.Distinct(StringComparer.OrdinalIgnoreCase).Count());
    }

    [Theory]
    [MemberData(nameof(Cmdlets))]
    public void Output_types_are_declared_and_have_table_and_list_views(string name)
    {
        CmdletInfo cmdlet = FindCmdlet(name);
        Assert.NotEmpty(cmdlet.OutputType);
        XDocument views = XDocument.Load(Path.Combine(StagedModule.Folder, "FaceGen.Format.ps1xml"));

        foreach (Type type in cmdlet.OutputType.Select(output => output.Type).Where(type => type?.Assembly.GetName().Name?.StartsWith("FaceGen", StringComparison.Ordinal) == true))
        {
            XElement[] ofType = [.. views.Descendants("View").Where(view => view.Descendants("TypeName").Any(named => named.Value == type.FullName))];
            Assert.True(ofType.Elements("TableControl").Count() == 1 && ofType.Elements("ListControl").Count() == 1, $"{type} lacks a view.");
            Assert.True(type.GetMethod(nameof(ToString), Type.EmptyTypes)!.DeclaringType == type, $"{type} does not say what it is.");
        }
    }

    [Theory]
    [MemberData(nameof(Cmdlets))]
    public void Parameters_use_standard_names(string name)
    {
        foreach (ParameterMetadata parameter in GetParameters(name))
        {
            Assert.DoesNotMatch("(?i)^(timeout|timeoutseconds|credentials|filepath|filename|maxconcurrency|parallel|quiet)$", parameter.Name);
        }
    }

    [Theory]
    [MemberData(nameof(Cmdlets))]
    public void Each_cmdlet_is_tested(string name) => Assert.Contains(
        Directory.EnumerateFiles(Path.GetDirectoryName(GetSourceFile())!, "*Tests.cs", SearchOption.AllDirectories).Where(file => file != GetSourceFile()),
        file => File.ReadAllText(file).Contains(name, StringComparison.Ordinal));

    private static string GetSourceFile([CallerFilePath] string path = "") => path;

    private static CmdletInfo FindCmdlet(string name) => Exported.Value.Single(cmdlet => cmdlet.Name == name);

    private static IEnumerable<ParameterMetadata> GetParameters(string name) =>
        FindCmdlet(name).Parameters.Values.Where(parameter => !PSCmdlet.CommonParameters.Contains(parameter.Name) && !PSCmdlet.OptionalCommonParameters.Contains(parameter.Name));

    [GeneratedRegex("^([A-Z][a-z0-9]*|[A-Z](?=[A-Z]))+$")]
    private static partial Regex Pascal();
}
