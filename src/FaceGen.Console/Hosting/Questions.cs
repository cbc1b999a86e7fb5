using System.Collections;
using System.Collections.ObjectModel;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Security;
using FaceGen.Console.Input;
using FaceGen.Console.Output;

namespace FaceGen.Console.Hosting;

/// <summary>The questions that cmdlets ask the person at the terminal.</summary>
internal sealed class Questions(Screen screen, LineReader reader)
{
    internal string ReadLine() => reader.Read("a line");

    internal SecureString ReadSecureLine() => reader.ReadSecret("a secret");

    /// <summary>Asks for the value of each field and converts it to the field's type.</summary>
    internal Dictionary<string, PSObject> AskFields(
        string caption, string message, Collection<FieldDescription> fields)
    {
        reader.Demand(string.Join(", ", fields.Select(field => field.Name)));
        Introduce(caption, message);
        return fields.ToDictionary(field => field.Name, field => PSObject.AsPSObject(AskField(field)));
    }

    /// <summary>Asks for one of several answers by its hot key or its whole label; the answer's index.</summary>
    internal int AskChoice(
        string caption, string message, Collection<ChoiceDescription> choices, int defaultChoice)
    {
        reader.Demand(string.IsNullOrWhiteSpace(message) ? caption : message);
        Introduce(caption, message);
        Choice[] answers = [.. choices.Select(Choice.From)];
        string question = ChoiceLine(answers, defaultChoice);
        while (true)
        {
            screen.Write(question);
            string answer = ReadLine().Trim();
            if (answer.Length == 0 && defaultChoice >= 0)
                return defaultChoice;
            if (answer == "?")
                screen.Write(string.Concat(answers.Select(choice => $"{choice.Key} - {choice.Help}\n")));

            int index = Array.FindIndex(answers, choice => choice.Matches(answer));
            if (index >= 0)
                return index;
        }
    }

    /// <summary>Asks for a name, unless given, and a password.</summary>
    internal PSCredential AskCredential(string caption, string message, string? userName)
    {
        reader.Demand("a credential");
        Introduce(caption, message);
        while (string.IsNullOrWhiteSpace(userName))
        {
            screen.Write("User: ");
            userName = ReadLine();
        }

        screen.Write($"Password for user {userName}: ");
        return new PSCredential(userName, ReadSecureLine());
    }

    private static string ChoiceLine(Choice[] answers, int defaultChoice)
    {
        string keys = string.Concat(answers.Select(choice => $"[{choice.Key}] {choice.Label}  "));
        string ending = defaultChoice >= 0 ? $" (default is \"{answers[defaultChoice].Key}\")" : "";
        return $"{keys}[?] Help{ending}: ";
    }

    private void Introduce(string caption, string message)
    {
        foreach (string line in (string[])[caption, message])
        {
            if (!string.IsNullOrWhiteSpace(line))
                screen.Write($"\n{line}");
        }

        screen.Write("\n");
    }

    private object? AskField(FieldDescription field)
    {
        Type type = Type.GetType(field.ParameterAssemblyFullName) ?? typeof(string);
        if (type == typeof(PSCredential))
            return AskCredential(field.Name, field.HelpMessage, userName: null);
        if (type != typeof(string) && type.IsAssignableTo(typeof(IList)))
            return AskList(field.Name, type);
        return AskValue(field.Name, type);
    }

    private object? AskList(string name, Type type)
    {
        Type element = type.GetElementType() ?? typeof(string);
        var values = new ArrayList();
        while (true)
        {
            object? value = AskValue(string.Create(CultureInfo.InvariantCulture, $"{name}[{values.Count}]"), element);
            if (value is null or "" or SecureString { Length: 0 })
                return LanguagePrimitives.ConvertTo(values, type, CultureInfo.CurrentCulture);
            values.Add(value);
        }
    }

    private object? AskValue(string name, Type type)
    {
        while (true)
        {
            screen.Write($"{name}: ");
            if (type == typeof(SecureString))
                return ReadSecureLine();

            string answer = ReadLine();
            if (answer.Length == 0)
                return type == typeof(string) ? "" : null;
            if (LanguagePrimitives.TryConvertTo(answer, type, CultureInfo.CurrentCulture, out object? value))
                return value;
            screen.WriteError($"'{answer}' is no value of type {type.Name}.\n");
        }
    }
}
