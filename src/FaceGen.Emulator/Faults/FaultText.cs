using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace FaceGen.Emulator.Faults;

/// <summary>Reads and writes rules as text, in the grammar that <see cref="FaultRule.Parse"/> describes.</summary>
internal static class FaultText
{
    internal const string Any = "any";

    private const string PromptName = "prompt=";

    internal static string FormatKinds(IEnumerable<CallKind> kinds) => string.Join(", ", kinds.Select(FormatKind));

    internal static string FormatKind(CallKind kind) => kind.ToString().ToLowerInvariant();

    internal static bool TryParse(string text, [NotNullWhen(true)] out FaultRule? rule, out string error)
    {
        try
        {
            rule = Parse(text);
            error = "";
            return true;
        }
        catch (Exception e) when (e is FormatException or ArgumentException)
        {
            rule = null;
            string reason = e is ArgumentException argument ? MessageWithoutParameter(argument) : e.Message;
            error = $"The fault rule '{text}' is wrong. {reason}";
            return false;
        }
    }

    internal static string Format(FaultRule rule)
    {
        FaultTrigger on = rule.Trigger;
        bool isAny = rule.Faults.SequenceEqual(FaultRule.AnyTransient(on).Faults);
        var text = new StringBuilder(isAny ? Any : string.Join('|', rule.Faults))
            .Append('@')
            .Append(FormatKindOrAny(rule));

        List<string> conditions = [];
        Add("nth", on.CallNumber);
        Add("first", on.FirstCalls);
        Add("rate", on.Rate);
        Add("seed", on.Seed);
        Add("times", on.MaxTimes);
        Add("wait", rule.Wait == FaultRule.DefaultWait ? null : rule.Wait.TotalSeconds);
        Add("prompt", on.Prompt);
        if (conditions.Count > 0)
            text.Append(':').AppendJoin(',', conditions);
        return text.ToString();

        void Add(string name, object? value)
        {
            if (value is not null)
                conditions.Add(string.Create(CultureInfo.InvariantCulture, $"{name}={value}"));
        }
    }

    private static string FormatKindOrAny(FaultRule rule) => rule.Trigger.Kinds is [CallKind only] ? FormatKind(only) : Any;

    private static FaultRule Parse(string text)
    {
        int at = text.IndexOf('@', StringComparison.Ordinal);
        if (at < 0)
            throw new FormatException("Write fault@kind, such as accepted-then-dropped@submit:nth=3.");

        int colon = text.IndexOf(':', at);
        string names = text[..at];
        FaultTrigger on = ParseKind(colon < 0 ? text[(at + 1)..] : text[(at + 1)..colon]);
        TimeSpan wait = FaultRule.DefaultWait;
        foreach ((string name, string value) in colon < 0 ? [] : SplitConditions(text[(colon + 1)..]))
        {
            if (name == "wait")
                wait = TimeSpan.FromSeconds(ParseNumber(name, value, FaultRule.MaxWait.TotalSeconds));
            else
                on = ApplyCondition(on, name, value);
        }

        if (on is { Seed: not null, Rate: null })
            throw new FormatException("A seed is for the lots of a rate.");
        return (names == Any ? FaultRule.AnyTransient(on) : new FaultRule(names.Split('|').Select(ParseFault), on))
            with { Wait = wait };
    }

    private static FaultTrigger ParseKind(string text)
    {
        if (text == Any)
            return FaultOn.Any;
        foreach (CallKind kind in Enum.GetValues<CallKind>())
        {
            if (FormatKind(kind) == text)
                return FaultOn.Kind(kind);
        }

        throw new FormatException(
            $"'{text}' is no kind of call, which are {FormatKinds(Enum.GetValues<CallKind>())} and {Any}.");
    }

    private static Fault ParseFault(string id) => FaultCatalog.Find(id)
        ?? throw new FormatException($"There is no fault '{id}'; --list-faults and /admin/faults show them all.");

    private static IEnumerable<(string Name, string Value)> SplitConditions(string text)
    {
        int prompt = text.StartsWith(PromptName, StringComparison.Ordinal)
            ? 0
            : text.IndexOf($",{PromptName}", StringComparison.Ordinal);
        string before = prompt < 0 ? text : text[..prompt];
        if (prompt != 0)
        {
            foreach (string condition in before.Split(','))
            {
                if (condition.Split('=') is not [var name, var value])
                    throw new FormatException($"'{condition}' is no condition: write name=value.");
                yield return (name, value);
            }
        }

        if (prompt >= 0)
        {
            int start = text.IndexOf(PromptName, prompt, StringComparison.Ordinal) + PromptName.Length;
            yield return ("prompt", text[start..]);
        }
    }

    private static FaultTrigger ApplyCondition(FaultTrigger trigger, string name, string value) => name switch
    {
        "nth" => trigger.Nth(ParseCount(name, value)),
        "first" => trigger.First(ParseCount(name, value)),
        "times" => trigger.Times(ParseCount(name, value)),
        "rate" => trigger.AtRate(ParseNumber(name, value, max: 1), trigger.Seed),
        "seed" => trigger with { Seed = ParseInteger(name, value) },
        "prompt" when value.Length > 0 => trigger.WithPrompt(value),
        "prompt" => throw new FormatException("The condition prompt wants a text."),
        _ => throw new FormatException(
            $"There is no condition '{name}', only nth, first, rate, seed, times, wait and prompt."),
    };

    private static int ParseCount(string name, string value) => ParseInteger(name, value) is >= 1 and int count
        ? count
        : throw new FormatException($"The condition {name} wants a whole number from 1, not '{value}'.");

    private static int ParseInteger(string name, string value) =>
        int.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number)
            ? number
            : throw new FormatException($"The condition {name} wants a whole number, not '{value}'.");

    private static double ParseNumber(string name, string value, double max) =>
        double.TryParse(value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number)
            && number <= max
                ? number
                : throw new FormatException(FormattableString.Invariant(
                    $"The condition {name} wants a number from 0 to {max}, not '{value}'."));

    /// <summary>What an exception says, without the parameter's name that the framework adds.</summary>
    private static string MessageWithoutParameter(ArgumentException e) => e.Message.Split(" (Parameter", 2)[0];
}
