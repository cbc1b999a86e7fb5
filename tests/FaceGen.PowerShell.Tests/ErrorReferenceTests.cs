using System.Management.Automation;
using System.Reflection;
using System.Text.RegularExpressions;
using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests;

/// <summary>The error reference matches the code.</summary>
public sealed partial class ErrorReferenceTests
{
    [Fact]
    public void Error_reference_lists_every_error_with_its_category()
    {
        using var session = new Session();
        Type factory = session.Run("(Get-Command New-FaceGenImage).ImplementingType.Assembly.GetType('FaceGen.PowerShell.Pipeline.ErrorRecordFactory')").Single.BaseObject as Type
            ?? throw new InvalidOperationException("ErrorRecordFactory was not found.");
        MethodInfo getCategory = factory.GetMethod("GetCategory", BindingFlags.Static | BindingFlags.NonPublic)!;
        Type code = getCategory.GetParameters().Single().ParameterType;
        Type exception = code.Assembly.GetType("FaceGen.FaceGenException")!;

        IEnumerable<string> coded = Enum.GetValues(code).Cast<object>().Select(value =>
        {
            object error = Activator.CreateInstance(exception, value, "message", null)!;
            bool endsRun = (bool)exception.GetProperty("EndsRun")!.GetValue(error)!;
            return $"{value} {(ErrorCategory)getCategory.Invoke(null, [value])!} {endsRun}";
        });
        string text = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "about_FaceGen_Errors.md"));
        IEnumerable<string> written = Entry().Matches(text)
            .Select(entry => $"{entry.Groups[1].Value} {entry.Groups[2].Value} {entry.Groups[3].Success}");

        string unexpected = (string)factory.GetField("Unexpected", BindingFlags.Static | BindingFlags.NonPublic)!.GetValue(null)!;
        Assert.Equal([.. coded, $"{unexpected} {ErrorCategory.NotSpecified} False"], written);
    }

    [GeneratedRegex(@"^- `(\w+)` \((\w+)(, ends the run)?\): (?:.|\n  (?!What))+\n  What to do: ", RegexOptions.Multiline)]
    private static partial Regex Entry();
}
