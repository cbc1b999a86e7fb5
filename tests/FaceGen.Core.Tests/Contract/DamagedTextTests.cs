using System.Numerics;
using FaceGen.Contract;

namespace FaceGen.Core.Tests.Contract;

/// <summary>Cells that a spreadsheet or a decoder has damaged, on whichever way they come in.</summary>
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
    public void Whole_number_in_scientific_notation_is_refused_with_a_hint(string cell) => Assert.All(
        [RequestField.Seed, RequestField.TrackId, RequestField.Width, RequestField.NumInferenceSteps],
        field => Assert.Contains(" A spreadsheet such as Excel has rounded it", Refused(field, cell), StringComparison.Ordinal));

    [Fact]
    public void Scientific_notation_of_a_decimal_field_is_taken() => Assert.Equal(7.5, RequestField.GuidanceScale.Read("7.5E+00"));

    [Theory]
    [InlineData(1234570000000.0, 1234570000000)]
    [InlineData(16777215f, 16777215)]
    [InlineData(7u, 7)]
    public void Typed_number_that_is_exact_is_taken(object typed, long expected) => Assert.Equal(expected, RequestField.Seed.Read(typed));

    [Fact]
    public void Typed_decimal_keeps_every_digit()
    {
        Assert.Equal(9007199254740993, RequestField.Seed.Read(9007199254740993m));
        Assert.Equal(9007199254740993, RequestField.Seed.Read(9007199254740993ul));
        Assert.Equal(9007199254740993, RequestField.Seed.Read(new BigInteger(9007199254740993)));
        Assert.Equal(31, RequestField.NumInferenceSteps.Read(new BigInteger(31)));
        Assert.Equal(7.0, RequestField.GuidanceScale.Read(new BigInteger(7)));
        Refused(RequestField.Seed, BigInteger.Pow(2, 63));
    }

    [Theory]
    [InlineData(1e18)]
    [InlineData(16777217f)]
    [InlineData(ulong.MaxValue)]
    [InlineData(1.5f)]
    public void Typed_number_that_may_be_rounded_is_refused(object typed) => Refused(RequestField.Seed, typed);

    [Theory]
    [InlineData("caf\uFFFD", "not UTF-8")]
    [InlineData("p\0i\0l\0o\0t", "NUL")]
    public void Text_that_a_decoder_damaged_is_refused_in_every_field(string text, string reason) =>
        Assert.All(RequestField.All, field => Assert.Contains(reason, Refused(field, text), StringComparison.Ordinal));

    [Fact]
    public void Half_of_a_surrogate_pair_is_refused()
    {
        Assert.Contains("half of a surrogate pair", Refused(RequestField.Prompt, "half \uD83D"), StringComparison.Ordinal);
        Assert.Contains("half of a surrogate pair", Refused(RequestField.Prompt, "\uDE00\uD83D"), StringComparison.Ordinal);
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
    public void Error_value_of_a_spreadsheet_is_refused(string cell) => Assert.All(
        [RequestField.Prompt, RequestField.NegativePrompt, RequestField.FaceImage, RequestField.Style, RequestField.Seed],
        field => Assert.Contains("spreadsheet", Refused(field, cell), StringComparison.Ordinal));

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
    public void Text_that_only_resembles_one_is_a_prompt(string text) => Assert.Equal(text, RequestField.Prompt.Read(text));

    [Fact]
    public void Stored_text_stays_readable() => Assert.Equal("#N/A", RequestField.Prompt.ReadStored("#N/A"));

    private static string Refused(RequestField field, object value)
    {
        FaceGenException fault = Assert.Throws<FaceGenException>(() => field.Read(value));
        Assert.Equal(ErrorCode.RequestInvalid, fault.Code);
        return fault.Message;
    }
}
