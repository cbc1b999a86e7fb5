using System.Management.Automation.Host;

namespace FaceGen.Console.Hosting;

/// <summary>One answer to choose: the letter behind the ampersand of its label is its key.</summary>
internal sealed record Choice(string Key, string Label, string Help)
{
    internal static Choice From(ChoiceDescription description)
    {
        int at = description.Label.IndexOf('&', StringComparison.Ordinal);
        string label = description.Label.Replace("&", "", StringComparison.Ordinal);
        string key = at >= 0 && at < label.Length ? label[at].ToString().ToUpperInvariant() : label;
        return new Choice(key, label, description.HelpMessage);
    }

    internal bool Matches(string answer) =>
        answer.Equals(Key, StringComparison.OrdinalIgnoreCase)
        || answer.Equals(Label, StringComparison.OrdinalIgnoreCase);
}
