using System.Numerics;
using FaceGen.Contract;

namespace FaceGen.Core.Tests.Contract;

/// <summary>Tests cells that a spreadsheet or a wrong encoding damaged, from every input.</summary>
public sealed class DamagedTextTests
{
    [Theory]
    [InlineData("1.23457E+12")]
    [InlineData("1,23457E+12")]
    [InlineData(" 1.23457e+12 ")]
    [InlineData("-1.2E+13")]
    [InlineData("4.294967E+9")]
    [InlineData("1E+05")]
    [InlineData("1.5e3")]
    [InlineData("\u00A01.23457E+12\u200B")]
    public void Integer_scientific_notation_is_rejected_with_hint(string cell) => Assert.All(
        [RequestField.Seed, RequestField.TrackId, RequestField.Width, RequestField.NumInferenceSteps],
        field => Assert.Contains(" A spreadsheet such as Excel rounded it", GetError(field, cell), StringComparison.Ordinal));

    [Fact]
    public void Decimal_scientific_notation_is_accepted() => Assert.Equal(7.5, RequestField.GuidanceScale.Read("7.5E+00"));

    [Theory]
    [InlineData(1234570000000.0, 1234570000000)]
    [InlineData(16777215f, 16777215)]
    [InlineData(7u, 7)]
    public void Integer_exact_typed_number_is_accepted(object typed, long expected) => Assert.Equal(expected, RequestField.Seed.Read(typed));

    [Fact]
    public void Integer_typed_decimal_keeps_every_digit()
    {
        Assert.Equal(9007199254740993, RequestField.Seed.Read(9007199254740993m));
        Assert.Equal(9007199254740993, RequestField.Seed.Read(9007199254740993ul));
        Assert.Equal(9007199254740993, RequestField.Seed.Read(new BigInteger(9007199254740993)));
        Assert.Equal(31, RequestField.NumInferenceSteps.Read(new BigInteger(31)));
        Assert.Equal(7.0, RequestField.GuidanceScale.Read(new BigInteger(7)));
        GetError(RequestField.Seed, BigInteger.Pow(2, 63));
    }

    [Theory]
    [InlineData(1e18)]
    [InlineData(16777217f)]
    [InlineData(ulong.MaxValue)]
    [InlineData(1.5f)]
    public void Integer_possibly_rounded_typed_number_is_rejected(object typed) => GetError(RequestField.Seed, typed);

    [Theory]
    [InlineData("caf\uFFFD", "not UTF-8")]
    [InlineData("p\0i\0l\0o\0t", "NUL")]
    public void Text_with_replacement_character_is_rejected_in_every_field(string text, string reason) =>
        Assert.All(RequestField.All, field => Assert.Contains(reason, GetError(field, text), StringComparison.Ordinal));

    [Fact]
    public void Text_with_lone_surrogate_is_rejected()
    {
        Assert.Contains("half of a surrogate pair", GetError(RequestField.Prompt, "half \uD83D"), StringComparison.Ordinal);
        Assert.Contains("half of a surrogate pair", GetError(RequestField.Prompt, "\uDE00\uD83D"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("#NAME?")]
    [InlineData("#N/A")]
    [InlineData("#REF!")]
    [InlineData("#VALUE!")]
    [InlineData("#DIV/0!")]
    [InlineData("#NULL!")]
    [InlineData("#NUM!")]
    [InlineData("#SPILL!")]
    [InlineData("#CALC!")]
    [InlineData("#FIELD!")]
    [InlineData("#BLOCKED!")]
    [InlineData("#CONNECT!")]
    [InlineData("#BUSY!")]
    [InlineData("#UNKNOWN!")]
    [InlineData("#GETTING_DATA")]
    [InlineData("#NV")]
    [InlineData("#WERT!")]
    [InlineData("#BEZUG!")]
    [InlineData("#ÜBERLAUF!")]
    [InlineData("#NOMBRE?")]
    [InlineData("#¿NOMBRE?")]
    [InlineData("#¡VALOR!")]
    [InlineData("#¡DIV/0!")]
    [InlineData("#VALEUR!")]
    [InlineData("#NOM?")]
    [InlineData("#DZIEL/0!")]
    [InlineData("#ЗНАЧ!")]
    [InlineData("#Н/Д")]
    [InlineData(" #N/A\u00A0")]
    [InlineData("#N/A Requesting Data...")]
    [InlineData("#ERROR!")]
    [InlineData("Err:502")]
    [InlineData("########")]
    public void Text_spreadsheet_error_value_is_rejected(string cell) => Assert.All(
        [RequestField.Prompt, RequestField.NegativePrompt, RequestField.FaceImage, RequestField.Style, RequestField.Seed],
        field => Assert.Contains("spreadsheet", GetError(field, cell), StringComparison.Ordinal));

    [Theory]
    [InlineData("#sunset")]
    [InlineData("#1")]
    [InlineData("a sheet that shows #N/A")]
    [InlineData("Wow!")]
    [InlineData("# Portrait")]
    [InlineData("##")]
    [InlineData("#NO FILTER!")]
    [InlineData("N/A portrait")]
    [InlineData("1e3")]
    [InlineData("\u200F\u0645\u0631\u062D\u0628\u0627\u202Babc\u202C")]
    [InlineData("error: 404 page as a painting")]
    [InlineData("👩‍🚀 with \u00E9clat")]
    public void Text_similar_to_error_value_is_accepted(string text) => Assert.Equal(text, RequestField.Prompt.Read(text));

    [Fact]
    public void Text_already_stored_is_accepted() => Assert.Equal("#N/A", RequestField.Prompt.ReadStored("#N/A"));

    private static string GetError(RequestField field, object value)
    {
        FaceGenException error = Assert.Throws<FaceGenException>(() => field.Read(value));
        Assert.Equal(ErrorCode.RequestInvalid, error.Code);
        return error.Message;
    }
}
