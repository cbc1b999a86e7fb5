using System.Globalization;
using FaceGen.Contract;

namespace FaceGen.Core.Tests.Support;

/// <summary>Creates a valid value of any field from its definition, so that a new field is tested without another edit.</summary>
internal static class FieldSamples
{
    internal const string FaceLink = "https://cdn.example/faces/anna.png";

    /// <summary>Returns the value of a field as the text of a cell.</summary>
    internal static string Text(RequestField field) => field.Kind switch
    {
        FieldKind.Text => $"a text for {field.Name}",
        FieldKind.Image => FaceLink,
        FieldKind.Boolean => "true",
        FieldKind.Address => $"https://hook.example/{field.Name}",
        _ when field.Choices.Count > 0 => field.Choices[^1],
        _ => ((field.Maximum ?? 7) - (field.Maximum > 100 ? field.Index : 0)).ToString(CultureInfo.InvariantCulture),
    };

    /// <summary>Returns the value of a field as a request holds it.</summary>
    internal static object Value(RequestField field) =>
        field.Kind == FieldKind.Image ? FaceImage.Parse(FaceLink, path => path) : field.Require(Text(field));

    /// <summary>Returns a request in which every field has a value.</summary>
    internal static Request CreateRequest() => Request.Create(FieldValues.Create(Value));

    /// <summary>Asserts that every field of a request has its value.</summary>
    internal static void AssertComplete(Request request) => Assert.All(RequestField.All, field =>
    {
        object? actual = field.Kind == FieldKind.Image ? request.FaceImage.Link?.AbsoluteUri : request[field];
        Assert.Equal(field.Kind == FieldKind.Image ? FaceLink : Value(field), actual);
    });
}
