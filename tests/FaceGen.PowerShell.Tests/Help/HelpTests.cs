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

/// <summary>The help pages and the module's help match the code. ./build.ps1 Docs updates them.</summary>
public sealed class HelpTests
{
    private static readonly string Root = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(GetSourceFile())!, "../../.."));
    private static readonly string Pages = Path.Combine(Root, "docs", "en-US");
    private static readonly XNamespace Command = "http://schemas.microsoft.com/maml/dev/command/2004/10";
    private static readonly XNamespace Maml = "http://schemas.microsoft.com/maml/2004/10";
    private static readonly XNamespace Dev = "http://schemas.microsoft.com/maml/dev/2004/10";

    private static readonly Lazy<CmdletInfo[]> Exported = new(() =>
    {
        using var session = new Session();
        return [.. session.Run("Get-Command -Module FaceGen").WithoutErrors().Output.Select(item => (CmdletInfo)item.BaseObject)];
    });

    private static readonly Lazy<Dictionary<string, XElement>> HelpEntries = new(() =>
        XDocument.Load(Path.Combine(StagedModule.Folder, "en-US", "FaceGen.PowerShell.dll-Help.xml")).Root!.Elements()
            .ToDictionary(command => command.Element(Command + "details")!.Element(Command + "name")!.Value));

    private static readonly ConcurrentDictionary<string, HelpPage> PageCache = new();

    public static TheoryData<string> Cmdlets => [.. Exported.Value.Select(cmdlet => cmdlet.Name)];

    [Fact]
    public void Each_cmdlet_has_a_page_and_a_help_entry()
    {
        string[] cmdlets = [.. Exported.Value.Select(cmdlet => cmdlet.Name).Order(StringComparer.Ordinal)];

        Assert.Equal(cmdlets, Directory.GetFiles(Pages, "*-FaceGen*.md").Select(file => Path.GetFileNameWithoutExtension(file)).Order(StringComparer.Ordinal));
        Assert.Equal(cmdlets, HelpEntries.Value.Keys.Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Cmdlets))]
    public void Page_and_entry_list_the_parameters_of_the_code(string name)
    {
        string[] parameters = [.. GetParameters(name).Select(parameter => parameter.Name).Order(StringComparer.Ordinal)];

        Assert.Equal(parameters, GetPage(name).Parameters.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(parameters, GetEntry(name).Keys.Order(StringComparer.Ordinal));
        Assert.Equal(
            FindCmdlet(name).ParameterSets.Select(set => set.Name == ParameterAttribute.AllParameterSets ? set.Name : set.IsDefault ? $"{set.Name} (Default)" : set.Name).Order(),
            GetPage(name).ParameterSets.Order());
        Assert.Equal(FindCmdlet(name).ParameterSets.Count, HelpEntries.Value[name].Element(Command + "syntax")!.Elements().Count());
    }

    [Theory]
    [MemberData(nameof(Cmdlets))]
    public void Parameter_has_type_aliases_default_and_binding_of_the_code(string name)
    {
        object cmdlet = Activator.CreateInstance(FindCmdlet(name).ImplementingType)!;
        foreach (ParameterMetadata parameter in GetParameters(name))
        {
            HelpParameter page = GetPage(name).Parameters[parameter.Name];
            Type type = Nullable.GetUnderlyingType(parameter.ParameterType) ?? parameter.ParameterType;
            Assert.Equal(type.FullName, page.Type);
            Assert.Equal(parameter.Aliases.Order(), page.Aliases.Order());
            Assert.Equal(parameter.ParameterSets.Select(set => DescribeBinding(name, set.Key, set.Value)).Order(), page.Sets.Order());

            XElement entry = GetEntry(name)[parameter.Name];
            string aliases = (string)entry.Attribute("aliases")!;
            Assert.Equal(parameter.Aliases.Order(), aliases == "none" ? [] : aliases.Split(", ").Order());
            Assert.Equal(parameter.ParameterSets.Values.Any(set => set.ValueFromPipeline), ((string)entry.Attribute("pipelineInput")!).Contains("ByValue", StringComparison.Ordinal));
            Assert.Equal(parameter.ParameterSets.Values.Any(set => set.ValueFromPipelineByPropertyName), ((string)entry.Attribute("pipelineInput")!).Contains("ByPropertyName", StringComparison.Ordinal));
            Assert.Equal(type.FullName, entry.Element(Dev + "type")!.Element(Maml + "name")!.Value);

            if (parameter.Name is "WhatIf" or "Confirm") continue;
            Assert.Equal(DefaultValue(cmdlet, parameter.Name), page.DefaultValue);
            Assert.Equal(page.DefaultValue, entry.Element(Dev + "defaultValue")?.Value ?? "");
        }
    }

    [Theory]
    [MemberData(nameof(Cmdlets))]
    public void Syntax_output_and_examples_match_the_code(string name)
    {
        // Hidden parameters bind pipeline input, or are refused.
        string hidden = string.Join('|', FindCmdlet(name).Parameters.Keys.Except(GetParameters(name).Select(parameter => parameter.Name)).Except(["WhatIf", "Confirm"]));
        string[] syntax = [.. FindCmdlet(name).ParameterSets.Select(set => RemoveWhitespace($"{name} {Regex.Replace($"{set}", $@"\[(-({hidden})(?=[ \]])|<CommonParameters)[^]]*\]", "")}")).Order()];
        string[] output = [.. FindCmdlet(name).OutputType.Where(type => type.Type != typeof(void)).Select(type => type.Name).Order()];
        XElement entry = HelpEntries.Value[name];

        Assert.Equal(syntax, GetPage(name).Syntax.Select(RemoveWhitespace).Order());
        Assert.Equal(output, GetPage(name).Outputs.Order());
        Assert.Equal(output, entry.Elements(Command + "returnValues").Elements().Select(value => value.Element(Dev + "type")!.Element(Maml + "name")!.Value).Order());
        Assert.Equal(GetPage(name).Examples, entry.Element(Command + "examples")!.Elements().Select(example => example.Element(Dev + "code")!.Value));
        foreach ((string parameter, XElement help) in GetEntry(name))
        {
            IEnumerable<ParameterSetMetadata> sets = FindCmdlet(name).Parameters[parameter].ParameterSets.Values;
            Assert.Contains((string)help.Attribute("position")!, sets.Select(set => set.Position < 0 ? "Named" : FormatInvariant(set.Position)));
            Assert.Contains((bool)help.Attribute("required")!, sets.Select(set => set.IsMandatory));
        }
    }

    [Theory]
    [MemberData(nameof(Cmdlets))]
    public void Descriptions_match_and_name_range_and_csv_spelling(string name)
    {
        Assert.NotEmpty(GetPage(name).Synopsis);
        Assert.Equal(RemoveWhitespace(GetPage(name).Synopsis), RemoveWhitespace(HelpEntries.Value[name].Element(Command + "details")!.Element(Maml + "description")!.Value));
        Assert.Equal(RemoveWhitespace(GetPage(name).Description), RemoveWhitespace(HelpEntries.Value[name].Element(Maml + "description")!.Value));
        Assert.Equal(name is "New-FaceGenImage" or "Import-FaceGenRequest" or "Invoke-FaceGenBatch", GetParameters(name).SelectMany(GetApiLimits).Any());
        foreach (ParameterMetadata parameter in GetParameters(name))
        {
            string page = GetPage(name).Parameters[parameter.Name].Description;
            Assert.True(page.Length > 10, $"{name} -{parameter.Name} has no description.");
            Assert.Equal(RemoveWhitespace(page), RemoveWhitespace(GetEntry(name)[parameter.Name].Element(Maml + "description")!.Value));

            foreach (ValidateRangeAttribute range in parameter.Attributes.OfType<ValidateRangeAttribute>())
            {
                foreach (object bound in new[] { range.MinRange, range.MaxRange }.Where(bound => bound is not (int.MaxValue or long.MaxValue)))
                    Assert.True(Regex.IsMatch(page, $@"\b{FormatInvariant(bound)}\b"), $"{name} -{parameter.Name} does not name its range, {range.MinRange} to {range.MaxRange}: {page}");
            }

            foreach (string bound in GetApiLimits(parameter))
                Assert.True(Regex.IsMatch(page, $@"(?<!\w){Regex.Escape(bound)}\b"), $"{name} -{parameter.Name} does not name the API limit, {bound}: {page}");

            foreach (string spelling in parameter.Aliases.Where(alias => alias.Contains('_', StringComparison.Ordinal)))
                Assert.Contains($"In CSV: {parameter.Name} or {spelling}.", page, StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(Cmdlets))]
    public void Wildcards_are_marked_where_the_description_allows_them(string name)
    {
        foreach (HelpParameter parameter in GetPage(name).Parameters.Values)
            Assert.True(parameter.SupportsWildcards == Regex.IsMatch(parameter.Description, "wildcards (are allowed|\\\\?\\*)"), $"{name} -{parameter.Name}: {parameter.Description}");
    }

    [Theory]
    [MemberData(nameof(Cmdlets))]
    public void Related_links_exist_and_the_first_is_the_address_of_the_project(string name)
    {
        string manifest = File.ReadAllText(Path.Combine(Root, "FaceGen.psd1"));
        IReadOnlyList<string> pages = GetPage(name).RelatedLinks;
        XElement[] links = [.. HelpEntries.Value[name].Element(Command + "relatedLinks")!.Elements()];

        Assert.InRange(pages.Count, 2, 10);
        Assert.All(pages, page => Assert.True(File.Exists(Path.Combine(Pages, page + ".md")), page));
        Assert.Equal(["Online Version", .. pages], links.Select(link => link.Element(Maml + "linkText")!.Value));
        Assert.Equal([Regex.Match(manifest, "ProjectUri *= '(.+)'").Groups[1].Value, .. pages.Select(_ => "")], links.Select(link => link.Element(Maml + "uri")!.Value));
    }

    [Theory]
    [MemberData(nameof(Cmdlets))]
    public void Page_text_matches_the_comments_in_code(string name)
    {
        XDocument comments = XDocument.Load(Path.Combine(Root, "artifacts", "bin", "FaceGen.PowerShell", $"{GetConfiguration()}_net8.0", "FaceGen.PowerShell.xml"));
        string GetComment(string member) => RemoveWhitespace(comments.Descendants("member").Single(each => (string)each.Attribute("name")! == member).Value);

        string classComment = GetComment($"T:{FindCmdlet(name).ImplementingType.FullName}");
        string page = RemoveWhitespace(GetPage(name).Synopsis) + (GetPage(name).Description == GetPage(name).Synopsis ? "" : RemoveWhitespace(GetPage(name).Description));
        Assert.Equal(classComment, page);
        foreach (ParameterMetadata parameter in GetParameters(name).Where(parameter => parameter.Name is not ("WhatIf" or "Confirm")))
        {
            PropertyInfo property = FindCmdlet(name).ImplementingType.GetProperty(parameter.Name)!;
            if (GetComment($"P:{property.DeclaringType!.FullName}.{parameter.Name}") is { Length: > 0 } comment)
                Assert.StartsWith(comment, RemoveWhitespace(GetPage(name).Parameters[parameter.Name].Description), StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(Cmdlets))]
    public void Get_Help_shows_the_complete_page(string name)
    {
        using Session session = Session.Shared();

        ScriptResult result = session.Run("param($name) $help = Get-Help $name -Full; $help.Synopsis; @($help.examples.example).Count; @($help.parameters.parameter).Count", name).WithoutErrors();

        Assert.Equal(RemoveWhitespace(GetPage(name).Synopsis), RemoveWhitespace(result.Output[0].ToString()));
        Assert.Equal(GetPage(name).Examples.Count, result.Output[1].BaseObject);
        Assert.InRange((int)result.Output[2].BaseObject, GetPage(name).Parameters.Count, 100);
    }

    [Fact]
    public void About_topics_are_staged_unchanged()
    {
        string[] about = [.. Directory.GetFiles(Pages, "about_*.md").Order(StringComparer.Ordinal)];

        Assert.Equal(["about_FaceGen", "about_FaceGen_Batches", "about_FaceGen_Emulator", "about_FaceGen_Errors"], about.Select(Path.GetFileNameWithoutExtension));
        Assert.All(about, file => Assert.Equal(
            File.ReadAllText(file), File.ReadAllText(Path.Combine(StagedModule.Folder, "en-US", Path.GetFileNameWithoutExtension(file) + ".help.txt"))));
    }

    [Fact]
    public void Service_times_and_faults_in_help_are_valid()
    {
        string help = string.Concat(Directory.GetFiles(Pages, "*.md").Select(File.ReadAllText));
        MatchCollection times = Regex.Matches(help, @"\b(?:fixed|uniform|lognormal|bimodal|steps):[\d.:-]*\d");
        MatchCollection faults = Regex.Matches(help, @"[\w-]+@(?:submit|fetch|download|upload|account|webhook|any):\w+=[\w.]+");

        Assert.InRange(times.Count, 5, 100);
        Assert.InRange(faults.Count, 3, 100);
        Assert.All(times, time => Assert.True(ServiceTime.TryParse(time.Value, out _), time.Value));
        Assert.All(faults, fault => FaultRule.Parse(fault.Value));
    }

    /// <summary>Nobody pays twice by an example: what the service may have accepted is not sent again.</summary>
    [Fact]
    public async Task Example_of_sending_failed_rows_again_sends_only_what_was_not_accepted()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync(serviceSeconds: 0.05);
        fixture.Emulator.Faults.Add(FaultRule.Parse("accepted-then-dropped@submit:prompt=also"));
        fixture.Emulator.Faults.Add(FaultRule.Parse("Q1-error@submit:nth=1"));
        string example = GetPage("New-FaceGenImage").Examples.Single(text => text.Contains("-ErrorVariable", StringComparison.Ordinal))
            .Replace("./me.jpg", "$face", StringComparison.Ordinal).Replace("-ErrorVariable", "-ThrottleLimit 1 -ErrorVariable", StringComparison.Ordinal);

        ScriptResult result = fixture.Run("param($face) & {\n" + example + "\n} | ForEach-Object { $_.Request.Prompt }", fixture.Face);

        Assert.Equal(["RequestRefused", "SubmissionUncertain"], result.Errors.Select(error => error.FullyQualifiedErrorId.Split(',')[0]));
        Assert.Equal("good", result.Single.BaseObject);
        Assert.Equal(2, fixture.Emulator.Journal.Accepted);
    }

    [Fact]
    public void Scripts_of_the_documentation_filter_errors_before_they_send_requests_again()
    {
        string[] files = [Path.Combine(Root, "README.md"), .. Directory.GetFiles(Path.Combine(Root, "docs"), "*.*", SearchOption.AllDirectories)
            .Where(file => Path.GetExtension(file) is ".md" or ".ps1")];

        MatchCollection[] resent = [.. files.Select(file => Regex.Matches(File.ReadAllText(file), @"[^\n`]*(\n +)?[^\n`]*TargetObject[^`|]*\|[^`]*?(New-FaceGenImage|Invoke-FaceGenBatch)"))];

        Assert.InRange(resent.Sum(matches => matches.Count), 2, 20);
        Assert.All(resent.SelectMany(matches => matches), match => Assert.Contains("FullyQualifiedErrorId -match '^(RequestRefused|ServiceBusy|ServiceUnreachable),'", match.Value, StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Cmdlets))]
    public async Task Examples_run_and_use_the_cmdlet(string name)
    {
        Assert.InRange(GetPage(name).Examples.Count, 3, 10);
        await using SessionFixture fixture = await SessionFixture.StartAsync(serviceSeconds: 0.05);
        foreach (string example in GetPage(name).Examples)
        {
            Assert.Contains(name, example, StringComparison.Ordinal);
            string folder = Directory.CreateDirectory(Path.Combine(fixture.Folder, Guid.NewGuid().ToString("N"))).FullName;
            File.WriteAllBytes(Path.Combine(folder, "me.jpg"), ToJpeg(fixture.Face));
            File.WriteAllText(Path.Combine(folder, "people.csv"), "prompt,face_image,style\na pilot,me.jpg,comic\na diver,me.jpg,\n");
            fixture.Connect(fixture.Session);

            ScriptResult result = fixture.Run($$"""
                param($folder, $address)
                Set-StrictMode -Off
                $ExecutionContext.SessionState.Path.SetLocation($folder) | ForEach-Object { }
                $key = 'some-key'
                function Import-Csv($Path) { Import-FaceGenRequest $Path }
                function Get-Secret { 'emulator-key' }
                function Set-Content($Path, $Encoding, [Parameter(ValueFromPipeline)] $Value) { [IO.File]::WriteAllText("$folder/$Path", $Value) }
                {{(example.Contains("-SecretName", StringComparison.Ordinal) ? "$null = New-Module -Name Microsoft.PowerShell.SecretManagement { function Get-Secret { param($Name, $Vault) 'emulator-key' } } | Import-Module" : "")}}
                {{example}}
                """, folder, fixture.Emulator.BaseUri);

            Assert.True(result.Errors.Count == 0, $"{name}:\n{example}\n{string.Join('\n', result.Errors)}");
            fixture.Run("if (Get-FaceGenConnection Default) { Remove-FaceGenWebhook }; Get-FaceGenConnection | Disconnect-FaceGen").WithoutErrors();
        }
    }

    /// <summary>Returns the limits and choices of a parameter that is a field of the API.</summary>
    private static IEnumerable<string> GetApiLimits(ParameterMetadata parameter)
    {
        static object? Of(object owner, string name) => owner.GetType().GetProperty(name)!.GetValue(owner);

        return parameter.SwitchParameter ? [] : parameter.Attributes
            .Where(attribute => attribute.GetType().Name == "ValidateRequestFieldAttribute")
            .SelectMany(attribute => ((IList<string>)Of(attribute, "ValidValues")!).Concat(
                new[] { Of(attribute, "MinRange"), Of(attribute, "MaxRange") }.OfType<int>().Select(limit => limit.ToString(CultureInfo.InvariantCulture))));
    }

    private static byte[] ToJpeg(string png)
    {
        using SkiaSharp.SKBitmap bitmap = SkiaSharp.SKBitmap.Decode(png);
        using SkiaSharp.SKData data = bitmap.Encode(SkiaSharp.SKEncodedImageFormat.Jpeg, 90);
        return data.ToArray();
    }

    private static string DescribeBinding(string name, string set, ParameterSetMetadata metadata)
    {
        // A parameter of all sets has one entry.
        string named = set == ParameterAttribute.AllParameterSets ? "(All)" : set;
        string position = metadata.Position < 0 ? "Named" : metadata.Position.ToString(CultureInfo.InvariantCulture);
        return string.Create(CultureInfo.InvariantCulture, $"{named} {position} {metadata.IsMandatory} {metadata.ValueFromPipeline} {metadata.ValueFromPipelineByPropertyName}")
            .Replace("True", "true", StringComparison.Ordinal).Replace("False", "false", StringComparison.Ordinal);
    }

    private static string DefaultValue(object cmdlet, string name)
    {
        object? value = cmdlet.GetType().GetProperty(name)!.GetValue(cmdlet);
        return value switch
        {
            null or SwitchParameter => "",
            Array many => string.Join(", ", many.Cast<object>()),
            _ => FormatInvariant(value),
        };
    }

    private static string FormatInvariant(object value) => string.Format(CultureInfo.InvariantCulture, "{0}", value);

    /// <summary>Returns a text without white space and Markdown escapes.</summary>
    private static string RemoveWhitespace(string text) => Regex.Replace(text, @"[\s\\`]+", "");

    private static HelpPage GetPage(string name) => PageCache.GetOrAdd(name, _ => new HelpPage(File.ReadAllText(Path.Combine(Pages, name + ".md"))));

    private static Dictionary<string, XElement> GetEntry(string name) => HelpEntries.Value[name].Element(Command + "parameters")!.Elements()
        .ToDictionary(parameter => parameter.Element(Maml + "name")!.Value);

    private static CmdletInfo FindCmdlet(string name) => Exported.Value.Single(cmdlet => cmdlet.Name == name);

    private static IEnumerable<ParameterMetadata> GetParameters(string name) => FindCmdlet(name).Parameters.Values.Where(parameter =>
        !PSCmdlet.CommonParameters.Contains(parameter.Name) && !parameter.Attributes.OfType<ParameterAttribute>().Any(attribute => attribute.DontShow));

    private static string GetConfiguration() => Assembly.GetExecutingAssembly().GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(data => data.Key == "Configuration").Value!.ToLowerInvariant();

    private static string GetSourceFile([CallerFilePath] string path = "") => path;
}
