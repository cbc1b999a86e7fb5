using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using FaceGen.Emulator.Faults.Catalog;

namespace FaceGen.Emulator.Faults;

/// <summary>Parses and formats rules in the grammar that <see cref="FaultRule.Parse"/> describes.</summary>
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
            error = $"The fault rule '{text}' is invalid. {reason}";
            return false;
        }
    }

    internal static string Format(FaultRule rule)
    {
        FaultTrigger trigger = rule.Trigger;
        bool isAny = rule.Faults.SequenceEqual(FaultRule.AnyTransient(trigger).Faults);
        var text = new StringBuilder(isAny ? Any : string.Join('|', rule.Faults))
            .Append('@')
            .Append(FormatKindOrAny(rule));

        List<string> conditions = [];
        Add("nth", trigger.CallNumber);
        Add("first", trigger.FirstCalls);
        Add("rate", trigger.Rate);
        Add("seed", trigger.Seed);
        Add("times", trigger.MaxTimes);
        Add("wait", rule.Wait == FaultRule.DefaultWait ? null : rule.Wait.TotalSeconds);
        Add("prompt", trigger.Prompt);
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
        FaultTrigger trigger = ParseKind(colon < 0 ? text[(at + 1)..] : text[(at + 1)..colon]);
        TimeSpan wait = FaultRule.DefaultWait;
        foreach ((string name, string value) in colon < 0 ? [] : SplitConditions(text[(colon + 1)..]))
        {
            if (name == "wait")
                wait = TimeSpan.FromSeconds(ParseNumber(name, value, FaultRule.MaxWait.TotalSeconds));
            else
                trigger = ApplyCondition(trigger, name, value);
        }

        if (trigger is { Seed: not null, Rate: null })
            throw new FormatException("The condition seed needs the condition rate.");
        return (names == Any ? FaultRule.AnyTransient(trigger) : new FaultRule(names.Split('|').Select(ParseFault), trigger))
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
            $"'{text}' is not a kind of call. The kinds are {FormatKinds(Enum.GetValues<CallKind>())} and {Any}.");
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
                    throw new FormatException($"'{condition}' is not a condition. Write name=value.");
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
        "prompt" => throw new FormatException("The condition prompt needs a text."),
        _ => throw new FormatException(
            $"There is no condition '{name}'. The conditions are nth, first, rate, seed, times, wait and prompt."),
    };

    private static int ParseCount(string name, string value) => ParseInteger(name, value) is >= 1 and int count
        ? count
        : throw new FormatException($"The condition {name} must be a whole number from 1, not '{value}'.");

    private static int ParseInteger(string name, string value) =>
        int.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number)
            ? number
            : throw new FormatException($"The condition {name} must be a whole number, not '{value}'.");

    private static double ParseNumber(string name, string value, double max) =>
        double.TryParse(value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number)
            && number <= max
                ? number
                : throw new FormatException(FormattableString.Invariant(
                    $"The condition {name} must be a number from 0 to {max}, not '{value}'."));

    /// <summary>Returns an exception's message without the parameter name that the framework appends.</summary>
    private static string MessageWithoutParameter(ArgumentException e) => e.Message.Split(" (Parameter", 2)[0];
}
