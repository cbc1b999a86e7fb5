using System.Collections.Concurrent;
using System.Globalization;
using System.Management.Automation;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using FaceGen.Emulator.Faults;
using FaceGen.Emulator.Generating;
using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests.Help;

/// <summary>Code, pages and the module's own help say the same: ./build.ps1 Docs makes them.</summary>
public sealed class HelpTests
{
    private static readonly string Root = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Here())!, "../../.."));
    private static readonly string Pages = Path.Combine(Root, "docs", "en-US");
    private static readonly XNamespace Command = "http://schemas.microsoft.com/maml/dev/command/2004/10";
    private static readonly XNamespace Maml = "http://schemas.microsoft.com/maml/2004/10";
    private static readonly XNamespace Dev = "http://schemas.microsoft.com/maml/dev/2004/10";

    private static readonly Lazy<CmdletInfo[]> Exported = new(() =>
    {
        using var session = new Session();
        return [.. session.Run("Get-Command -Module FaceGen").WithoutErrors().Output.Select(item => (CmdletInfo)item.BaseObject)];
    });

    private static readonly Lazy<Dictionary<string, XElement>> Helped = new(() =>
        XDocument.Load(Path.Combine(StagedModule.Folder, "en-US", "FaceGen.PowerShell.dll-Help.xml")).Root!.Elements()
            .ToDictionary(command => command.Element(Command + "details")!.Element(Command + "name")!.Value));

    private static readonly ConcurrentDictionary<string, HelpPage> Read = new();

    public static TheoryData<string> Cmdlets => [.. Exported.Value.Select(cmdlet => cmdlet.Name)];

    [Fact]
    public void Each_cmdlet_has_a_page_and_an_entry_and_nothing_else_has()
    {
        string[] cmdlets = [.. Exported.Value.Select(cmdlet => cmdlet.Name).Order(StringComparer.Ordinal)];

        Assert.Equal(cmdlets, Directory.GetFiles(Pages, "*-FaceGen*.md").Select(file => Path.GetFileNameWithoutExtension(file)).Order(StringComparer.Ordinal));
        Assert.Equal(cmdlets, Helped.Value.Keys.Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Cmdlets))]
    public void Page_and_entry_have_the_code_s_parameters(string name)
    {
        string[] parameters = [.. Parameters(name).Select(parameter => parameter.Name).Order(StringComparer.Ordinal)];

        Assert.Equal(parameters, Page(name).Parameters.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(parameters, Entry(name).Keys.Order(StringComparer.Ordinal));
        Assert.Equal(
            Of(name).ParameterSets.Select(set => set.Name == ParameterAttribute.AllParameterSets ? set.Name : set.IsDefault ? $"{set.Name} (Default)" : set.Name).Order(),
            Page(name).ParameterSets.Order());
        Assert.Equal(Of(name).ParameterSets.Count, Helped.Value[name].Element(Command + "syntax")!.Elements().Count());
    }

    [Theory]
    [MemberData(nameof(Cmdlets))]
    public void A_parameter_has_its_type_aliases_default_and_ways_to_be_bound(string name)
    {
        object cmdlet = Activator.CreateInstance(Of(name).ImplementingType)!;
        foreach (ParameterMetadata parameter in Parameters(name))
        {
            HelpParameter page = Page(name).Parameters[parameter.Name];
            Type type = Nullable.GetUnderlyingType(parameter.ParameterType) ?? parameter.ParameterType;
            Assert.Equal(type.FullName, page.Type);
            Assert.Equal(parameter.Aliases.Order(), page.Aliases.Order());
            Assert.Equal(parameter.ParameterSets.Select(set => Bound(name, set.Key, set.Value)).Order(), page.Sets.Order());

            XElement entry = Entry(name)[parameter.Name];
            string aliases = (string)entry.Attribute("aliases")!;
            Assert.Equal(parameter.Aliases.Order(), aliases == "none" ? [] : aliases.Split(", ").Order());
            Assert.Equal(parameter.ParameterSets.Values.Any(set => set.ValueFromPipeline), ((string)entry.Attribute("pipelineInput")!).Contains("ByValue", StringComparison.Ordinal));
            Assert.Equal(parameter.ParameterSets.Values.Any(set => set.ValueFromPipelineByPropertyName), ((string)entry.Attribute("pipelineInput")!).Contains("ByPropertyName", StringComparison.Ordinal));
            Assert.Equal(type.FullName, entry.Element(Dev + "type")!.Element(Maml + "name")!.Value);

            if (parameter.Name is "WhatIf" or "Confirm") continue;
            Assert.Equal(Default(cmdlet, parameter.Name), page.DefaultValue);
            Assert.Equal(page.DefaultValue, entry.Element(Dev + "defaultValue")?.Value ?? "");
        }
    }

    [Theory]
    [MemberData(nameof(Cmdlets))]
    public void Syntax_output_and_examples_are_the_same_and_the_code_s(string name)
    {
        // Hidden is what only binds.
        string hidden = string.Join('|', Of(name).Parameters.Keys.Except(Parameters(name).Select(parameter => parameter.Name)).Except(["WhatIf", "Confirm"]));
        string[] syntax = [.. Of(name).ParameterSets.Select(set => Plain($"{name} {Regex.Replace($"{set}", $@"\[(-({hidden}) |<CommonParameters)[^]]*\]", "")}")).Order()];
        string[] output = [.. Of(name).OutputType.Where(type => type.Type != typeof(void)).Select(type => type.Name).Order()];
        XElement entry = Helped.Value[name];

        Assert.Equal(syntax, Page(name).Syntax.Select(Plain).Order());
        Assert.Equal(output, Page(name).Outputs.Order());
        Assert.Equal(output, entry.Elements(Command + "returnValues").Elements().Select(value => value.Element(Dev + "type")!.Element(Maml + "name")!.Value).Order());
        Assert.Equal(Page(name).Examples, entry.Element(Command + "examples")!.Elements().Select(example => example.Element(Dev + "code")!.Value));
        foreach ((string parameter, XElement said) in Entry(name))
        {
            IEnumerable<ParameterSetMetadata> sets = Of(name).Parameters[parameter].ParameterSets.Values;
            Assert.Contains((string)said.Attribute("position")!, sets.Select(set => set.Position < 0 ? "Named" : Invariant(set.Position)));
            Assert.Contains((bool)said.Attribute("required")!, sets.Select(set => set.IsMandatory));
        }
    }

    [Theory]
    [MemberData(nameof(Cmdlets))]
    public void What_is_said_is_the_same_and_names_the_range_and_the_spelling_in_a_csv(string name)
    {
        Assert.NotEmpty(Page(name).Synopsis);
        Assert.Equal(Plain(Page(name).Synopsis), Plain(Helped.Value[name].Element(Command + "details")!.Element(Maml + "description")!.Value));
        Assert.Equal(Plain(Page(name).Description), Plain(Helped.Value[name].Element(Maml + "description")!.Value));
        Assert.Equal(name == "New-FaceGenImage", Parameters(name).SelectMany(ApiLimits).Any());
        foreach (ParameterMetadata parameter in Parameters(name))
        {
            string page = Page(name).Parameters[parameter.Name].Description;
            Assert.True(page.Length > 10, $"{name} -{parameter.Name} says nothing.");
            Assert.Equal(Plain(page), Plain(Entry(name)[parameter.Name].Element(Maml + "description")!.Value));

            foreach (ValidateRangeAttribute range in parameter.Attributes.OfType<ValidateRangeAttribute>())
            {
                foreach (object bound in new[] { range.MinRange, range.MaxRange }.Where(bound => bound is not (int.MaxValue or long.MaxValue)))
                    Assert.True(Regex.IsMatch(page, $@"\b{Invariant(bound)}\b"), $"{name} -{parameter.Name} does not say its range, {range.MinRange} to {range.MaxRange}: {page}");
            }

            foreach (string bound in ApiLimits(parameter))
                Assert.True(Regex.IsMatch(page, $@"(?<!\w){Regex.Escape(bound)}\b"), $"{name} -{parameter.Name} does not say what the API allows, {bound}: {page}");

            foreach (string spelling in parameter.Aliases.Where(alias => alias.Contains('_', StringComparison.Ordinal)))
                Assert.Contains($"In CSV: {parameter.Name} or {spelling}.", page, StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(Cmdlets))]
    public void A_page_is_what_the_code_s_own_comments_say(string name)
    {
        XDocument comments = XDocument.Load(Path.Combine(Root, "artifacts", "bin", "FaceGen.PowerShell", $"{Configuration()}_net8.0", "FaceGen.PowerShell.xml"));
        string Said(string member) => Plain(comments.Descendants("member").Single(each => (string)each.Attribute("name")! == member).Value);

        string said = Said($"T:{Of(name).ImplementingType.FullName}");
        string page = Plain(Page(name).Synopsis) + (Page(name).Description == Page(name).Synopsis ? "" : Plain(Page(name).Description));
        Assert.Equal(said, page);
        foreach (ParameterMetadata parameter in Parameters(name).Where(parameter => parameter.Name is not ("WhatIf" or "Confirm")))
        {
            PropertyInfo property = Of(name).ImplementingType.GetProperty(parameter.Name)!;
            if (Said($"P:{property.DeclaringType!.FullName}.{parameter.Name}") is { Length: > 0 } comment)
                Assert.StartsWith(comment, Plain(Page(name).Parameters[parameter.Name].Description), StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(Cmdlets))]
    public void Get_Help_shows_it_whole(string name)
    {
        using Session session = Session.Shared();

        Ran ran = session.Run("param($name) $help = Get-Help $name -Full; $help.Synopsis; @($help.examples.example).Count; @($help.parameters.parameter).Count", name).WithoutErrors();

        Assert.Equal(Plain(Page(name).Synopsis), Plain(ran.Output[0].ToString()));
        Assert.Equal(Page(name).Examples.Count, ran.Output[1].BaseObject);
        Assert.InRange((int)ran.Output[2].BaseObject, Page(name).Parameters.Count, 100);
    }

    [Fact]
    public void What_is_about_something_is_staged_as_it_stands()
    {
        string[] about = [.. Directory.GetFiles(Pages, "about_*.md").Order(StringComparer.Ordinal)];

        Assert.Equal(["about_FaceGen", "about_FaceGen_Batches", "about_FaceGen_Emulator", "about_FaceGen_Errors"], about.Select(Path.GetFileNameWithoutExtension));
        Assert.All(about, file => Assert.Equal(
            File.ReadAllText(file), File.ReadAllText(Path.Combine(StagedModule.Folder, "en-US", Path.GetFileNameWithoutExtension(file) + ".help.txt"))));
    }

    [Fact]
    public void Service_times_and_faults_are_spelt_as_the_emulator_reads_them()
    {
        string help = string.Concat(Directory.GetFiles(Pages, "*.md").Select(File.ReadAllText));
        MatchCollection times = Regex.Matches(help, @"\b(?:fixed|uniform|lognormal|bimodal|steps):[\d.:-]*\d");
        MatchCollection faults = Regex.Matches(help, @"[\w-]+@(?:submit|fetch|download|upload|account|webhook|any):\w+=[\w.]+");

        Assert.InRange(times.Count, 5, 100);
        Assert.InRange(faults.Count, 3, 100);
        Assert.All(times, time => Assert.True(ServiceTime.TryParse(time.Value, out _), time.Value));
        Assert.All(faults, fault => FaultRule.Parse(fault.Value));
    }

    [Theory]
    [MemberData(nameof(Cmdlets))]
    public async Task Three_examples_at_least_use_the_cmdlet_and_run(string name)
    {
        Assert.InRange(Page(name).Examples.Count, 3, 10);
        await using TestBed bed = await TestBed.StartAsync(serviceSeconds: 0.05);
        foreach (string example in Page(name).Examples)
        {
            Assert.Contains(name, example, StringComparison.Ordinal);
            string folder = Directory.CreateDirectory(Path.Combine(bed.Folder, Guid.NewGuid().ToString("N"))).FullName;
            File.WriteAllBytes(Path.Combine(folder, "me.jpg"), Jpeg(bed.Face));
            File.WriteAllText(Path.Combine(folder, "people.csv"), "prompt,face_image,style\na pilot,me.jpg,comic\na diver,me.jpg,\n");
            bed.Connect(bed.Session);

            Ran ran = bed.Run($$"""
                param($folder, $address)
                Set-StrictMode -Off
                $ExecutionContext.SessionState.Path.SetLocation($folder) | ForEach-Object { }
                $key = 'some-key'
                function Import-Csv($Path) { Import-FaceGenRequest $Path }
                function Get-Secret { 'emulator-key' }
                {{(example.Contains("-SecretName", StringComparison.Ordinal) ? "$null = New-Module -Name Microsoft.PowerShell.SecretManagement { function Get-Secret { param($Name, $Vault) 'emulator-key' } } | Import-Module" : "")}}
                {{example}}
                """, folder, bed.Emulator.BaseUri);

            Assert.True(ran.Errors.Count == 0, $"{name}:\n{example}\n{string.Join('\n', ran.Errors)}");
            bed.Run("if (Get-FaceGenConnection Default) { Remove-FaceGenWebhook }; Get-FaceGenConnection | Disconnect-FaceGen").WithoutErrors();
        }
    }

    /// <summary>The numbers and choices that a parameter's limits name, where it is a field of the API; a switch has none.</summary>
    private static IEnumerable<string> ApiLimits(ParameterMetadata parameter)
    {
        static object Of(object owner, string name) => owner.GetType().GetProperty(name, BindingFlags.Instance | BindingFlags.NonPublic)!.GetValue(owner)!;

        return parameter.SwitchParameter ? [] : parameter.Attributes
            .Where(attribute => attribute.GetType().Name == "RequestFieldAttribute")
            .Select(attribute => Of(attribute, "Field"))
            .SelectMany(field => Regex.Matches((string)Of(field, "Allowed"), @"\b\d[\d.]*\b").Select(number => number.Value).Concat((IReadOnlyList<string>)Of(field, "Choices")));
    }

    private static byte[] Jpeg(string png)
    {
        using SkiaSharp.SKBitmap bitmap = SkiaSharp.SKBitmap.Decode(png);
        using SkiaSharp.SKData data = bitmap.Encode(SkiaSharp.SKEncodedImageFormat.Jpeg, 90);
        return data.ToArray();
    }

    private static string Bound(string name, string set, ParameterSetMetadata bound)
    {
        // A parameter of every set stands in one line; in the code too, where there is but one set.
        string named = set == ParameterAttribute.AllParameterSets ? "(All)" : set;
        string position = bound.Position < 0 ? "Named" : bound.Position.ToString(CultureInfo.InvariantCulture);
        return string.Create(CultureInfo.InvariantCulture, $"{named} {position} {bound.IsMandatory} {bound.ValueFromPipeline} {bound.ValueFromPipelineByPropertyName}")
            .Replace("True", "true", StringComparison.Ordinal).Replace("False", "false", StringComparison.Ordinal);
    }

    private static string Default(object cmdlet, string name)
    {
        object? value = cmdlet.GetType().GetProperty(name)!.GetValue(cmdlet);
        return value switch
        {
            null or SwitchParameter => "",
            Array many => string.Join(", ", many.Cast<object>()),
            _ => Invariant(value),
        };
    }

    private static string Invariant(object value) => string.Format(CultureInfo.InvariantCulture, "{0}", value);

    /// <summary>A text without its spaces and lines, and without what Markdown puts before a sign.</summary>
    private static string Plain(string text) => Regex.Replace(text, @"[\s\\`]+", "");

    private static HelpPage Page(string name) => Read.GetOrAdd(name, _ => new HelpPage(File.ReadAllText(Path.Combine(Pages, name + ".md"))));

    private static Dictionary<string, XElement> Entry(string name) => Helped.Value[name].Element(Command + "parameters")!.Elements()
        .ToDictionary(parameter => parameter.Element(Maml + "name")!.Value);

    private static CmdletInfo Of(string name) => Exported.Value.Single(cmdlet => cmdlet.Name == name);

    private static IEnumerable<ParameterMetadata> Parameters(string name) => Of(name).Parameters.Values.Where(parameter =>
        !PSCmdlet.CommonParameters.Contains(parameter.Name) && !parameter.Attributes.OfType<ParameterAttribute>().Any(attribute => attribute.DontShow));

    private static string Configuration() => Assembly.GetExecutingAssembly().GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(data => data.Key == "Configuration").Value!.ToLowerInvariant();

    private static string Here([CallerFilePath] string path = "") => path;
}
