using System.Management.Automation;
using System.Reflection;
using System.Text.RegularExpressions;
using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests;

/// <summary>The reference of errors and the code say the same.</summary>
public sealed partial class ErrorReferenceTests
{
    [Fact]
    public void Error_reference_lists_every_error_with_its_category()
    {
        using var session = new Session();
        Type table = session.Run("(Get-Command New-FaceGenImage).ImplementingType.Assembly.GetType('FaceGen.PowerShell.Pipeline.ErrorTable')").Single.BaseObject as Type
            ?? throw new InvalidOperationException("There is no table of errors.");
        MethodInfo categoryOf = table.GetMethod("GetCategory", BindingFlags.Static | BindingFlags.NonPublic)!;
        Type code = categoryOf.GetParameters().Single().ParameterType;
        Type exception = code.Assembly.GetType("FaceGen.FaceGenException")!;

        IEnumerable<string> coded = Enum.GetValues(code).Cast<object>().Select(value =>
        {
            object fault = Activator.CreateInstance(exception, value, "message", null)!;
            bool endsRun = (bool)exception.GetProperty("EndsRun")!.GetValue(fault)!;
            return $"{value} {(ErrorCategory)categoryOf.Invoke(null, [value])!} {endsRun}";
        });
        string text = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "about_FaceGen_Errors.md"));
        IEnumerable<string> written = Entry().Matches(text)
            .Select(entry => $"{entry.Groups[1].Value} {entry.Groups[2].Value} {entry.Groups[3].Success}");

        string unexpected = (string)table.GetField("Unexpected", BindingFlags.Static | BindingFlags.NonPublic)!.GetValue(null)!;
        Assert.Equal([.. coded, $"{unexpected} {ErrorCategory.NotSpecified} False"], written);
    }

    [GeneratedRegex(@"^- `(\w+)` \((\w+)(, ends the run)?\): (?:.|\n  (?!What))+\n  What to do: ", RegexOptions.Multiline)]
    private static partial Regex Entry();
}
