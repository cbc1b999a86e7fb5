using System.Text;
using FaceGen.Contract;
using FaceGen.Core.Tests.Support;

namespace FaceGen.Core.Tests.Contract;

public sealed class ServiceResponseTests
{
    [Fact]
    public void Response_published_success_is_parsed()
    {
        ServiceResponse response = Parse(
            """
            {"status":"success","generationTime":3.25,"id":42,"output":["https://a/1.png","https://a/2.png"],
             "proxy_links":["https://b/1.png"],"meta":{"prompt":"x","seed":7,"height":512}}
            """);

        Assert.True(response.IsSuccess);
        Assert.Equal(("42", 3.25, 7L), (response.Id, response.GenerationTime, response.Seed));
        Assert.Equal(["https://a/1.png", "https://a/2.png"], response.Output);
        Assert.Equal([["https://b/1.png"]], response.AlternateLinks);
        Assert.Equal(512L, response.Meta["HEIGHT"]);
    }

    [Theory] // Q2, Q3, Q4
    [InlineData("""{"status":"error","message":{"face_image":["The face image field is required."]}}""", "face_image: The face image field is required.")]
    [InlineData("""{"status":"error","message":{"a":["one","two"],"b":"three"}}""", "a: one two b: three")]
    [InlineData("""{"status":"error","code":"invalid","message":"no"}""", "no")]
    [InlineData("""{"status":"error","messege":"spelt so"}""", "spelt so")]
    [InlineData("""{"status":"error","error":"plain"}""", "plain")]
    [InlineData("""{"status":"error","error":{"message":"nested","code":5}}""", "nested")]
    [InlineData("""{"status":"error","message":"","messege":"second"}""", "second")]
    [InlineData("""{"status":"error","message":null,"error":{"message":"third"}}""", "third")]
    [InlineData("""{"status":"error","message":["one","two"]}""", "one two")]
    [InlineData("""{"status":"error","message":"\u001b[2Jhidden\nline"}""", "[2Jhidden line")]
    [InlineData("""{"status":"error"}""", "")]
    public void Message_in_any_field_is_found(string json, string expected)
    {
        ServiceResponse response = Parse(json);

        Assert.True(response.IsFailure);
        Assert.Equal(expected, response.Message);
    }

    [Theory] // Q7, Q19, Q21
    [InlineData("\"\"", "")]
    [InlineData("null", "")]
    [InlineData("[]", "")]
    [InlineData("[null,\"\",\" \"]", "")]
    [InlineData("\"https://a/1.png\"", "https://a/1.png")]
    [InlineData("{\"0\":\"https://a/1.png\",\"1\":\" https://a/2.png \"}", "https://a/1.png|https://a/2.png")]
    [InlineData("[[\"https://a/1.png\"],{\"url\":\"https://a/2.png\"}]", "https://a/1.png|https://a/2.png")]
    [InlineData("7", "")]
    [InlineData("false", "")]
    public void Output_in_any_form_is_parsed(string output, string expected) => Assert.Equal(
        expected, string.Join('|', Parse($$"""{"status":"processing","id":1,"output":{{output}}}""").Output));

    [Fact] // Q22
    public void AlternateLinks_in_other_fields_are_ordered_by_likelihood() => Assert.Equal([["l"], ["f", "g"], ["p"]], Parse(
        """{"status":"success","id":1,"output":[],"future_links":["f","g"],"links":{"a":"l"},"proxy_links":"p"}""").AlternateLinks);

    [Fact] // Q22
    public void AlternateLinks_empty_lists_are_skipped() => Assert.Empty(Parse(
        """{"status":"success","id":1,"future_links":[],"links":null,"proxy_links":""}""").AlternateLinks);

    [Theory] // Q8, Q9, Q11
    [InlineData("\"id\":77", "77")]
    [InlineData("\"id\":\" 77 \"", "77")]
    [InlineData("\"id\":\"b7c1-xy\"", "b7c1-xy")]
    [InlineData("\"fetch_result\":\"https://other.example/api/v4/dreambooth/fetch/79\"", "79")]
    [InlineData("\"fetch_result\":\"https://other.example/fetch/7%1B%5B2J9\"", "7[2J9")]
    [InlineData("\"id\":\"\",\"fetch_result\":\"https://other.example/fetch/79/\"", "79")]
    [InlineData("\"id\":0", null)]
    [InlineData("\"id\":[1]", null)]
    [InlineData("\"fetch_result\":\"https://other.example/fetch\"", null)]
    [InlineData("\"fetch_result\":\"not an address\"", null)]
    [InlineData("\"x\":1", null)]
    public void Id_in_any_field_is_found(string field, string? expected) =>
        Assert.Equal(expected, Parse($$"""{"status":"processing",{{field}}}""").Id);

    [Theory] // Q10
    [InlineData("2.5", 2.5)]
    [InlineData("0", 0.0)]
    [InlineData("\"12\"", 12.0)]
    [InlineData("\"1.5\"", 1.5)]
    [InlineData("\"soon\"", null)]
    [InlineData("\"NaN\"", null)]
    [InlineData("\"1e999\"", null)]
    [InlineData("1e999", null)]
    [InlineData("null", null)]
    public void Eta_any_culture_has_same_value(string eta, double? expected)
    {
        using var scope = new CultureScope("de-DE");

        Assert.Equal(expected, Parse($$"""{"status":"processing","id":1,"eta":{{eta}}}""").Eta);
    }

    [Fact]
    public void Text_null_is_absent()
    {
        ServiceResponse response = Parse(
            """{"status":"success","id":"null","track_id":"NULL","message":"null","output":["null","https://cdn.example/1.png"],"links":"null","eta":"null","meta":{"webhook":"null","seed":" null "}}""");

        Assert.Equal((null, null, "", null, null), (response.Id, response.TrackId, response.Message, response.Eta, response.Seed));
        Assert.Equal(["https://cdn.example/1.png"], response.Output);
        Assert.Empty(response.AlternateLinks);
        Assert.Null(response.Meta["webhook"]);
    }

    [Theory] // Q37
    [InlineData("\"nsfw_content_detected\":true", true, true)]
    [InlineData("\"nsfw_content_detected\":\"True\"", true, true)]
    [InlineData("\"nsfw_content_detected\":1", true, true)]
    [InlineData("\"has_nsfw_concept\":[false,true]", false, true)]
    [InlineData("\"has_nsfw_concept\":[\"true\",0]", true, false)]
    [InlineData("\"nsfw_content_detected\":[true]", true, true)]
    [InlineData("\"nsfw_content_detected\":\"[1\"", false, false)]
    [InlineData("\"nsfw_content_detected\":false", false, false)]
    [InlineData("\"nsfw_content_detected\":\"no\"", false, false)]
    [InlineData("\"nsfw_content_detected\":null", false, false)]
    [InlineData("\"safety_checker\":\"yes\"", false, false)]
    public void Content_flag_is_in_meta_and_of_its_image(string flag, bool first, bool second)
    {
        foreach (string body in (string[])[$$"""{"status":"success",{{flag}},"meta":{"width":512} }""", $$"""{"status":"success","meta":{"width":512,{{flag}} } }"""])
        {
            Generation generation = new Generation { Id = "1" }.WithResponse(Parse(body), GenerationStatus.Success);

            Assert.Equal((first, second), (ContentFlags.IsSet(generation.Meta, 0), ContentFlags.IsSet(generation.Meta, 1)));
            Assert.Equal(512L, generation.Meta["width"]);
        }
    }

    [Fact] // Q37
    public void Content_flag_without_meta_keeps_the_meta_of_the_submission()
    {
        Generation submitted = new Generation { Id = "1" }.WithResponse(Parse("""{"status":"processing","meta":{"width":512}}"""), GenerationStatus.Processing);

        Generation ended = submitted.WithResponse(Parse("""{"status":"success","nsfw_content_detected":true}"""), GenerationStatus.Success);

        Assert.Equal((512L, true), (ended.Meta["width"], ended.Meta["nsfw_content_detected"]));
    }

    [Fact] // Q11, Q15
    public void Numbers_and_booleans_as_text_are_parsed()
    {
        ServiceResponse response = Parse(
            """{"status":"success","id":"5","track_id":"9","generation_time":"1.5","retry_after":"30","meta":{"seed":"123","width":"512","safety_checker":"yes","base64":true,"s":null,"n":1.5,"deep":{"a":[1]}}}""");

        Assert.Equal(("9", 123L, 1.5, 30.0), (response.TrackId, response.Seed, response.GenerationTime, response.RetryAfter));
        Assert.Equal("512", response.Meta["width"]);
        Assert.Equal("yes", response.Meta["safety_checker"]);
        Assert.Equal(true, response.Meta["base64"]);
        Assert.Equal(1.5, response.Meta["n"]);
        Assert.Null(response.Meta["s"]);
        Assert.Equal("""{"a":[1]}""", response.Meta["deep"]);
    }

    [Theory] // Q12
    [InlineData("success", "done")]
    [InlineData("READY", "done")]
    [InlineData("completed", "done")]
    [InlineData("processing", "pending")]
    [InlineData(" Queued ", "pending")]
    [InlineData("pending", "pending")]
    [InlineData("error", "failure")]
    [InlineData("failed", "failure")]
    [InlineData("whatever", "none")]
    public void Status_known_words_are_classified(string word, string meaning)
    {
        ServiceResponse response = Parse($$"""{"status":"{{word}}"}""");

        Assert.Equal(meaning, response.IsSuccess ? "done" : response.IsPending ? "pending" : response.IsFailure ? "failure" : "none");
    }

    [Fact] // Q18
    public void Status_processing_is_pending()
    {
        ServiceResponse response = Parse("""{"status":"processing","id":1,"message":"Request processing","tip":"wait"}""");

        Assert.Equal((true, false, "Request processing"), (response.IsPending, response.IsFailure, response.Message));
    }

    [Fact] // Q19
    public void Response_all_fields_null_is_empty()
    {
        ServiceResponse response = Parse(
            """{"status":null,"id":null,"output":null,"proxy_links":null,"meta":null,"eta":null,"message":null,"fetch_result":null,"brand_new":{"x":[1,{}]}}""");

        Assert.Equal(("", null, "", 0, 0, 0), (response.Status, response.Id, response.Message, response.Output.Count, response.AlternateLinks.Count, response.Meta.Count));
    }

    [Theory] // Q14
    [InlineData("")]
    [InlineData("<html>")]
    [InlineData("""{"status":"success","id":1,"outp""")]
    [InlineData("[]")]
    [InlineData("\"text\"")]
    [InlineData("null")]
    public void Response_not_a_JSON_object_is_null(string body) =>
        Assert.Null(ServiceResponse.TryParse(Encoding.UTF8.GetBytes(body)));

    [Fact] // Q14
    public void Response_truncated_body_is_null()
    {
        byte[] whole = Encoding.UTF8.GetBytes("""{"status":"success","id":1,"output":["https://a/ü.png"],"meta":{"a":[1,2]}}""");

        Assert.All(Enumerable.Range(0, whole.Length), length => Assert.Null(ServiceResponse.TryParse(whole.AsMemory(0, length))));
    }

    [Fact]
    public void Response_deep_nesting_is_null() =>
        Assert.Null(ServiceResponse.TryParse(Encoding.UTF8.GetBytes("""{"status":"success","id":1,"meta":""" + new string('[', 100_000))));

    [Fact]
    public void Response_with_byte_order_mark_is_parsed() =>
        Assert.Equal("1", ServiceResponse.TryParse((byte[])[0xEF, 0xBB, 0xBF, .. "{\"id\":1}"u8])?.Id);

    [Theory]
    [InlineData("""{"status":"processing","id":8,"message":"half a \ud83d"}""")]
    [InlineData("""{"status":"processing","id":8,"meta":{"prompt":"half a \ud83d"}}""")]
    [InlineData("""{"status":"processing","id":8,"meta":{"half \udc00":1}}""")]
    [InlineData("""{"status":"processing","id":8,"message":{"half \udc00":["x"]}}""")]
    [InlineData("""{"status":"processing","id":8,"output":["\ud83d"],"eta":"\ud83d"}""")]
    public void Id_beside_invalid_escapes_is_found(string json)
    {
        ServiceResponse response = Parse(json);

        Assert.Equal(("8", true), (response.Id, response.IsPending));
    }

    [Fact]
    public void Id_beside_invalid_UTF8_is_found()
    {
        byte[] latin1 = Encoding.Latin1.GetBytes("""{"status":"processing","id":8,"message":"Größe","meta":{"prompt":"ü"}}""");

        Assert.Equal("8", ServiceResponse.TryParse(latin1)?.Id);
    }

    [Fact]
    public void Meta_echoed_key_is_removed()
    {
        ServiceResponse response = Parse("""{"status":"success","id":1,"meta":{"Key":"secret","prompt":"x"}}""");

        Assert.Equal(["prompt"], response.Meta.Keys);
    }

    [Fact]
    public void Id_control_characters_are_removed() =>
        Assert.DoesNotContain(Parse("""{"status":"processing","id":"7\u001b[2J"}""").Id!, char.IsControl);

    private static ServiceResponse Parse(string json)
    {
        ServiceResponse? response = ServiceResponse.TryParse(Encoding.UTF8.GetBytes(json));
        Assert.NotNull(response);
        return response;
    }
}
