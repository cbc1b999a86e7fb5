using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace FaceGen.Emulator.Faults;

/// <summary>Reads and writes rules as text, in the grammar that <see cref="FaultRule.Parse"/> describes.</summary>
internal static class FaultText
{
    internal const string Any = "any";

    private const string PromptName = "prompt=";

    internal static string Kinds(IEnumerable<CallKind> kinds) => string.Join(", ", kinds.Select(Name));

    internal static string Name(CallKind kind) => kind.ToString().ToLowerInvariant();

    internal static bool TryRead(string text, [NotNullWhen(true)] out FaultRule? rule, out string error)
    {
        try
        {
            rule = Read(text);
            error = "";
            return true;
        }
        catch (Exception e) when (e is FormatException or ArgumentException)
        {
            rule = null;
            string reason = e is ArgumentException argument ? Reason(argument) : e.Message;
            error = $"The fault rule '{text}' is wrong. {reason}";
            return false;
        }
    }

    internal static string Write(FaultRule rule)
    {
        Occasion on = rule.Occasion;
        bool isAny = rule.Faults.SequenceEqual(FaultRule.AnyTransient(on).Faults);
        var text = new StringBuilder(isAny ? Any : string.Join('|', rule.Faults))
            .Append('@')
            .Append(WriteKinds(rule));

        List<string> conditions = [];
        Add("nth", on.Number);
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

    private static string WriteKinds(FaultRule rule) => rule.Occasion.Kinds is [CallKind only] ? Name(only) : Any;

    private static FaultRule Read(string text)
    {
        int at = text.IndexOf('@', StringComparison.Ordinal);
        if (at < 0)
            throw new FormatException("Write fault@kind, such as accepted-then-dropped@submit:nth=3.");

        int colon = text.IndexOf(':', at);
        string names = text[..at];
        Occasion on = ReadKind(colon < 0 ? text[(at + 1)..] : text[(at + 1)..colon]);
        TimeSpan wait = FaultRule.DefaultWait;
        foreach ((string name, string value) in colon < 0 ? [] : Conditions(text[(colon + 1)..]))
        {
            if (name == "wait")
                wait = TimeSpan.FromSeconds(Number(name, value, FaultRule.MaxWait.TotalSeconds));
            else
                on = Apply(on, name, value);
        }

        if (on is { Seed: not null, Rate: null })
            throw new FormatException("A seed is for the lots of a rate.");
        return (names == Any ? FaultRule.AnyTransient(on) : new FaultRule(names.Split('|').Select(ReadFault), on))
            with { Wait = wait };
    }

    private static Occasion ReadKind(string text)
    {
        if (text == Any)
            return At.Any;
        foreach (CallKind kind in Enum.GetValues<CallKind>())
        {
            if (Name(kind) == text)
                return At.Kind(kind);
        }

        throw new FormatException(
            $"'{text}' is no kind of call, which are {Kinds(Enum.GetValues<CallKind>())} and {Any}.");
    }

    private static Fault ReadFault(string id) => FaultCatalogue.Find(id)
        ?? throw new FormatException($"There is no fault '{id}'; --list-faults and /admin/faults show them all.");

    private static IEnumerable<(string Name, string Value)> Conditions(string text)
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

    private static Occasion Apply(Occasion on, string name, string value) => name switch
    {
        "nth" => on.Nth(Count(name, value)),
        "first" => on.First(Count(name, value)),
        "times" => on.Times(Count(name, value)),
        "rate" => on.AtRate(Number(name, value, most: 1), on.Seed),
        "seed" => on with { Seed = Whole(name, value) },
        "prompt" when value.Length > 0 => on.WithPrompt(value),
        "prompt" => throw new FormatException("The condition prompt wants a text."),
        _ => throw new FormatException(
            $"There is no condition '{name}', only nth, first, rate, seed, times, wait and prompt."),
    };

    private static int Count(string name, string value) => Whole(name, value) is >= 1 and int count
        ? count
        : throw new FormatException($"The condition {name} wants a whole number from 1, not '{value}'.");

    private static int Whole(string name, string value) =>
        int.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number)
            ? number
            : throw new FormatException($"The condition {name} wants a whole number, not '{value}'.");

    private static double Number(string name, string value, double most) =>
        double.TryParse(value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number)
            && number <= most
                ? number
                : throw new FormatException(FormattableString.Invariant(
                    $"The condition {name} wants a number from 0 to {most}, not '{value}'."));

    /// <summary>What an exception says, without the parameter's name that the framework adds.</summary>
    private static string Reason(ArgumentException e) => e.Message.Split(" (Parameter", 2)[0];
}
