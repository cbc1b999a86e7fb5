using System.Text.RegularExpressions;

namespace FaceGen.PowerShell.Tests.Help;

/// <summary>The parts of a Markdown help page that the code determines.</summary>
internal sealed partial class HelpPage
{
    internal HelpPage(string text)
    {
        Synopsis = Section(text, "SYNOPSIS");
        Description = Section(text, "DESCRIPTION");
        ParameterSets = [.. Heading().Matches(Section(text, "SYNTAX")).Select(match => match.Groups[1].Value)];
        Syntax = [.. Block().Matches(Section(text, "SYNTAX")).Select(match => match.Groups[1].Value)];
        Outputs = [.. Heading().Matches(Section(text, "OUTPUTS")).Select(match => match.Groups[1].Value)];
        Examples = [.. Code().Matches(Section(text, "EXAMPLES")).Select(match => match.Groups[1].Value)];
        RelatedLinks = [.. Link().Matches(Section(text, "RELATED LINKS")).Select(match => match.Groups[1].Value)];
        Parameters = Section(text, "PARAMETERS").Split("\n### ", StringSplitOptions.RemoveEmptyEntries)
            .Select(part => part.TrimStart('#', ' ', '\n')).Where(part => part.StartsWith('-')).Select(part => new HelpParameter(part))
            .ToDictionary(parameter => parameter.Name);
    }

    internal string Synopsis { get; }

    internal string Description { get; }

    internal IReadOnlyList<string> ParameterSets { get; }

    internal IReadOnlyList<string> Syntax { get; }

    /// <summary>Gets the output types.</summary>
    internal IReadOnlyList<string> Outputs { get; }

    internal IReadOnlyList<string> Examples { get; }

    /// <summary>Gets the names of the related pages.</summary>
    internal IReadOnlyList<string> RelatedLinks { get; }

    internal IReadOnlyDictionary<string, HelpParameter> Parameters { get; }

    private static string Section(string text, string name) =>
        Regex.Match(text, $@"^## {name}\n(.*?)(?=^## |\z)", RegexOptions.Multiline | RegexOptions.Singleline).Groups[1].Value.Trim();

    [GeneratedRegex(@"^### (.+?)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex("```\n(.*?)\n```", RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex("```powershell\n(.*?)\n```", RegexOptions.Singleline)]
    private static partial Regex Code();

    [GeneratedRegex(@"^- \[(.+)\]\(\1\.md\)$", RegexOptions.Multiline)]
    private static partial Regex Link();
}

/// <summary>A parameter of a help page.</summary>
internal sealed partial class HelpParameter
{
    internal HelpParameter(string part)
    {
        Name = part[1..part.IndexOf('\n', StringComparison.Ordinal)];
        int facts = part.IndexOf("```yaml", StringComparison.Ordinal);
        Description = part[(Name.Length + 1)..facts].Trim();
        string yaml = part[facts..];
        Type = Value(yaml, "Type");
        SupportsWildcards = Value(yaml, "SupportsWildcards") == "true";
        DefaultValue = Value(yaml, "DefaultValue");
        Aliases = [.. Regex.Match(yaml, @"^Aliases:\n((?:- .*\n)*)", RegexOptions.Multiline).Groups[1].Value.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line[2..])];
        Sets = [.. Set().Matches(yaml).Select(set => string.Join(' ', set.Groups.Values.Skip(1).Select(group => group.Value)))];
    }

    internal string Name { get; }

    internal string Description { get; }

    internal string Type { get; }

    internal bool SupportsWildcards { get; }

    internal string DefaultValue { get; }

    internal IReadOnlyList<string> Aliases { get; }

    /// <summary>Gets for each parameter set: name, position, required, pipeline input by value, and by property name.</summary>
    internal IReadOnlyList<string> Sets { get; }

    private static string Value(string yaml, string name) =>
        Regex.Match(yaml, $@"^{name}: *(.*)$", RegexOptions.Multiline).Groups[1].Value.Trim().Trim('\'', '"');

    [GeneratedRegex(@"^- Name: (.*)\n  Position: (.*)\n  IsRequired: (.*)\n  ValueFromPipeline: (.*)\n  ValueFromPipelineByPropertyName: (.*)\n", RegexOptions.Multiline)]
    private static partial Regex Set();
}
