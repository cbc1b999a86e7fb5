using FaceGen.Contract;

namespace FaceGen.Core.Tests.Contract;

/// <summary>Tests column names that users choose.</summary>
public sealed class RequestFieldNameTests
{
    [Theory]
    [InlineData("Negative Prompt", "negative_prompt")]
    [InlineData("negative-prompt", "negative_prompt")]
    [InlineData("NEGATIVE.PROMPT", "negative_prompt")]
    [InlineData("negative\u00A0prompt\u200B", "negative_prompt")]
    [InlineData("negative\u2011prompt", "negative_prompt")]
    [InlineData("Negative\nPrompt", "negative_prompt")]
    [InlineData("Num Inference Steps", "num_inference_steps")]
    [InlineData("numInferenceSteps", "num_inference_steps")]
    [InlineData("S-Scale", "s_scale")]
    [InlineData("Base 64", "base64")]
    [InlineData("\uFEFFprompt", "prompt")]
    public void Find_name_with_other_separators_returns_field(string name, string field) => Assert.Equal(field, FieldNames.Find(name)?.Name);

    [Theory]
    [InlineData("prompt2")]
    [InlineData("prompt (English)")]
    [InlineData("promt")]
    [InlineData("id")]
    [InlineData("-")]
    [InlineData("")]
    public void Find_unknown_name_returns_null(string name) => Assert.Null(FieldNames.Find(name));

    [Theory]
    [InlineData("promt", "prompt")]
    [InlineData("Pormpt", "prompt")]
    [InlineData("prompts", "prompt")]
    [InlineData("negativ_prompt", "negative_prompt")]
    [InlineData("Negative", "negative_prompt")]
    [InlineData("face-imgae", "face_image")]
    [InlineData("image", "face_image")]
    [InlineData("steps", "num_inference_steps")]
    [InlineData("guidence scale", "guidance_scale")]
    [InlineData("styl", "style")]
    [InlineData("hieght", "height")]
    [InlineData("shoe_size", null)]
    [InlineData("name", null)]
    [InlineData("id", null)]
    [InlineData("scale", "s_scale")]
    public void FindNearest_misspelled_name_returns_field(string name, string? field) => Assert.Equal(field, FieldNames.FindNearest(name)?.Name);
}
