using System.Globalization;
using FaceGen.Contract;
using FaceGen.Core.Tests.Support;

namespace FaceGen.Core.Tests.Contract;

public sealed class RequestFieldTests
{
    [Theory]
    [InlineData("width", "1", 1)]
    [InlineData("width", "512", 512)]
    [InlineData("height", "1", 1)]
    [InlineData("height", "768", 768)]
    [InlineData("num_inference_steps", "21", 21)]
    [InlineData("num_inference_steps", "31", 31)]
    [InlineData("num_inference_steps", "41", 41)]
    [InlineData("guidance_scale", "1", 1.0)]
    [InlineData("guidance_scale", "20", 20.0)]
    [InlineData("s_scale", "0", 0.0)]
    [InlineData("s_scale", "2", 2.0)]
    [InlineData("samples", "1", 1)]
    [InlineData("samples", "2", 2)]
    [InlineData("seed", "-9223372036854775808", long.MinValue)]
    [InlineData("seed", "9223372036854775807", long.MaxValue)]
    [InlineData("track_id", "0", "0")]
    [InlineData("track_id", " order_12345 ", "order_12345")]
    [InlineData("track_id", "007", "007")]
    [InlineData("track_id", "12.0", "12")]
    [InlineData("track_id", "1,000,000", "1,000,000")]
    public void Value_at_limit_is_accepted(string name, string cell, object expected) =>
        Assert.Equal(expected, Field(name).Read(cell));

    [Fact]
    public void Value_null_as_text_is_not_given()
    {
        foreach (RequestField field in RequestField.All)
        {
            if (field.Kind == FieldKind.Image) continue;

            foreach (string text in (string[])["null", " null ", "NULL"])
                Assert.Equal(field.Kind == FieldKind.Text ? text : null, field.Read(text));
        }
    }

    [Theory]
    [InlineData("width", "0", "Width must be 1 to 512, not '0'.")]
    [InlineData("width", "513", "Width must be 1 to 512, not '513'.")]
    [InlineData("height", "0", "Height must be 1 to 768, not '0'.")]
    [InlineData("height", "769", "Height must be 1 to 768, not '769'.")]
    [InlineData("num_inference_steps", "22", "NumInferenceSteps must be 21, 31 or 41, not '22'.")]
    [InlineData("num_inference_steps", "4294967317", "NumInferenceSteps must be 21, 31 or 41, not '4294967317'.")]
    [InlineData("guidance_scale", "0.99", "GuidanceScale must be 1 to 20, not '0.99'.")]
    [InlineData("guidance_scale", "20.01", "GuidanceScale must be 1 to 20, not '20.01'.")]
    [InlineData("s_scale", "-0.01", "SScale must be 0 to 2, not '-0.01'.")]
    [InlineData("s_scale", "2.01", "SScale must be 0 to 2, not '2.01'.")]
    [InlineData("samples", "0", "Samples must be 1 to 2, not '0'.")]
    [InlineData("samples", "3", "Samples must be 1 to 2, not '3'.")]
    [InlineData("safety_checker", "maybe", "SafetyChecker must be true or false, not 'maybe'.")]
    [InlineData("base64", "2", "Base64 must be true or false, not '2'.")]
    [InlineData("safety_checker_type", "nude", "SafetyCheckerType must be black, blur, sensitive_content_text or pixelate, not 'nude'.")]
    [InlineData("style", "manga", "Style must be realistic, comic, chibi, 3d or anime, not 'manga'.")]
    [InlineData("seed", "1.5", "Seed must be a whole number, not '1.5'.")]
    [InlineData("seed", "9223372036854775808", "Seed must be a whole number, not '9223372036854775808'.")]
    [InlineData("track_id", "1E+05", "TrackId must be a whole number or a text, not '1E+05'. A spreadsheet such as Excel rounded it. Use a number format without decimals for the column, enter the number again, and save the file.")]
    [InlineData("webhook", "http://example.org/hook", "Webhook must be an https address, not 'http://example.org/hook'.")]
    [InlineData("webhook", "hook", "Webhook must be an https address, not 'hook'.")]
    public void Value_beyond_limit_error_names_parameter_and_limit(string name, string cell, string message)
    {
        FaceGenException error = GetError(name, cell);

        Assert.Equal(ErrorCode.RequestInvalid, error.Code);
        Assert.Equal(message, error.Message);
        Assert.False(error.EndsRun);
    }

    [Theory]
    [InlineData("width", "NaN")]
    [InlineData("guidance_scale", "NaN")]
    [InlineData("guidance_scale", "Infinity")]
    [InlineData("guidance_scale", "-Infinity")]
    [InlineData("guidance_scale", "1e400")]
    [InlineData("guidance_scale", "7.5.1")]
    [InlineData("guidance_scale", "7,5,1")]
    [InlineData("guidance_scale", "seven")]
    [InlineData("s_scale", "∞")]
    [InlineData("width", "7,5")]
    [InlineData("width", "99999999999999999999")]
    [InlineData("samples", "4294967298")]
    [InlineData("height", "0x10")]
    [InlineData("width", "5 12")]
    public void Number_invalid_text_is_rejected(string name, string cell) =>
        Assert.Equal(ErrorCode.RequestInvalid, GetError(name, cell).Code);

    [Theory]
    [InlineData("width", "1,000")]
    [InlineData("width", "1.000")]
    [InlineData("seed", "1,000")]
    [InlineData("seed", "-12,000")]
    [InlineData("seed", "123.000")]
    public void Number_thousands_separator_is_rejected(string name, string cell) =>
        Assert.Equal(ErrorCode.RequestInvalid, GetError(name, cell).Code);

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    [InlineData(double.MaxValue)]
    public void Number_NaN_and_infinity_are_rejected(double value) => Assert.All(
        ["width", "num_inference_steps", "guidance_scale", "s_scale", "seed"],
        name => Assert.Equal(ErrorCode.RequestInvalid, GetError(name, value).Code));

    [Theory]
    [InlineData("en-US")]
    [InlineData("de-DE")]
    [InlineData("fr-FR")]
    [InlineData("tr-TR")]
    [InlineData("ar-SA")]
    public void Number_any_culture_has_same_value(string culture)
    {
        using var scope = new CultureScope(culture);

        Assert.Equal(7.5, Field("guidance_scale").Read("7.5"));
        Assert.Equal(7.5, Field("guidance_scale").Read("7,5"));
        Assert.Equal(7.5, Field("guidance_scale").Read(7.5m));
        Assert.Equal(0.25, Field("s_scale").Read("2.5e-1"));
        Assert.Equal(512, Field("width").Read("512.0"));
        Assert.Equal(512, Field("width").Read("512,0"));
        Assert.Equal(-1L, Field("seed").Read("-1"));
        Assert.Equal(true, Field("BASE64").Read("TRUE"));
        Assert.Equal("sensitive_content_text", Field("SAFETY_CHECKER_TYPE").Read("SENSITIVE_CONTENT_TEXT"));
        Assert.Equal("GuidanceScale must be 1 to 20, not 20.5.", GetError("guidance_scale", 20.5).Message);
        Assert.Equal("Width must be 1 to 512, not -1.", GetError("width", -1).Message);
    }

    [Theory]
    [InlineData("true", true)]
    [InlineData("True", true)]
    [InlineData("YES", true)]
    [InlineData(" yes ", true)]
    [InlineData("1", true)]
    [InlineData(1, true)]
    [InlineData(1.0, true)]
    [InlineData(true, true)]
    [InlineData("false", false)]
    [InlineData("FALSE", false)]
    [InlineData("No", false)]
    [InlineData("0", false)]
    [InlineData(0, false)]
    [InlineData(0L, false)]
    [InlineData(false, false)]
    public void Boolean_every_spelling_is_accepted(object value, bool expected)
    {
        Assert.Equal(expected, Field("safety_checker").Read(value));
        Assert.Equal(expected, Field("base64").Read(value));
    }

    [Theory]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData("\t\r\n")]
    [InlineData(null)]
    public void Value_empty_cell_is_not_given(string? cell) =>
        Assert.All(RequestField.All, field => Assert.Null(field.Read(cell)));

    [Theory]
    [InlineData("prompt", "Prompt is required: it must be a text that is not empty.")]
    [InlineData("face_image", "FaceImage is required: it must be a link, a file or base64.")]
    public void Value_missing_required_field_is_rejected(string name, string message)
    {
        var error = Assert.Throws<FaceGenException>(() => Field(name).Require(" "));

        Assert.Equal((ErrorCode.RequestInvalid, message), (error.Code, error.Message));
    }

    [Fact]
    public void Find_both_names_in_any_case_return_field()
    {
        Assert.Equal(16, RequestField.All.Count);
        Assert.All(RequestField.All, field =>
        {
            Assert.Same(field, FieldNames.Find(field.Name));
            Assert.Same(field, FieldNames.Find(field.Name.ToUpperInvariant()));
            Assert.Same(field, FieldNames.Find($" {field.ParameterName} "));
            Assert.Same(field, FieldNames.Find(field.ParameterName.ToUpperInvariant()));
        });
        Assert.Same(RequestField.NumInferenceSteps, FieldNames.Find("numinference_steps"));
        Assert.Null(FieldNames.Find("key"));
        Assert.Null(FieldNames.Find(""));
    }

    [Fact]
    public void Choice_any_case_has_API_spelling()
    {
        Assert.Equal("3d", Field("style").Read(" 3D "));
        Assert.Equal("pixelate", Field("safety_checker_type").Read("Pixelate"));
        Assert.Equal(["21", "31", "41"], Field("num_inference_steps").Choices);
        Assert.Equal(["realistic", "comic", "chibi", "3d", "anime"], Field("style").Choices);
        Assert.Empty(Field("width").Choices);
    }

    [Theory]
    [InlineData(9007199254740993)]
    [InlineData(long.MaxValue)]
    [InlineData(long.MinValue)]
    public void Integer_large_number_keeps_every_digit(long seed)
    {
        Assert.Equal(seed, Field("seed").Read(seed));
        Assert.Equal(seed, Field("seed").Read(seed.ToString(CultureInfo.InvariantCulture)));
    }

    [Theory]
    [InlineData("9007199254740993.0")]
    [InlineData(9007199254740994.0)]
    public void Integer_possibly_rounded_number_is_rejected(object seed) =>
        Assert.Equal("Seed", GetError("seed", seed).Message.Split(' ')[0]);

    [Theory]
    [InlineData('7')]
    [InlineData(true)]
    public void Number_value_of_other_type_is_rejected(object value) =>
        Assert.All(["width", "guidance_scale", "seed"], name => GetError(name, value));

    [Fact]
    public void Number_date_is_rejected()
    {
        Assert.StartsWith("Width must be 1 to 512, not ", GetError("width", new DateTime(2030, 1, 2)).Message, StringComparison.Ordinal);
        Assert.Equal(ErrorCode.RequestInvalid, GetError("seed", new object()).Code);
    }

    [Fact]
    public void Value_DBNull_is_not_given()
    {
        Assert.All(RequestField.All, field => Assert.Null(field.Read(DBNull.Value)));
        Assert.Throws<FaceGenException>(() => RequestField.Prompt.Require(DBNull.Value));
    }

    [Fact]
    public void Error_value_is_short_and_escaped()
    {
        string message = GetError("style", "\u001b]0;x\u0007" + new string('x', 5000)).Message;

        Assert.True(message.Length < 200);
        Assert.DoesNotContain(message, char.IsControl);
    }

    [Fact]
    public void Webhook_other_scheme_is_rejected()
    {
        Assert.Equal(new Uri("https://example.org/hook?id=1"), Field("webhook").Read("https://example.org/hook?id=1"));
        Assert.Equal(new Uri("https://example.org/hook"), Field("webhook").Read(new Uri("https://example.org/hook")));
    }

    private static RequestField Field(string name) =>
        FieldNames.Find(name) ?? throw new ArgumentException(name, nameof(name));

    private static FaceGenException GetError(string name, object value) =>
        Assert.Throws<FaceGenException>(() => Field(name).Read(value));
}
