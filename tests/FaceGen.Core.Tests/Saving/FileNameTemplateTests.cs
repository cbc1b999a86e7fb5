using System.Text;
using FaceGen.Core.Tests.Support;
using FaceGen.Saving;
using FsCheck.Xunit;

namespace FaceGen.Core.Tests.Saving;

public sealed class FileNameTemplateTests
{
    private static readonly Generation Plain = new()
    {
        Id = "77",
        StatusValue = GenerationStatus.Success,
        CreatedAt = new DateTimeOffset(2030, 1, 2, 12, 0, 0, TimeZoneInfo.Local.GetUtcOffset(new DateTime(2030, 1, 2, 12, 0, 0))),
        Prompt = "a pilot",
        Seed = -5,
        TrackId = "9",
        Images = ["https://cdn.example/1.png"],
        Request = FakeService.Request() with { Style = "3d", Source = new RequestSource("/data/people.csv", 7, 6) },
    };

    // Parts that break names: parent folders, devices, endings that Windows removes, half surrogate pairs, long parts, fields.
    private static readonly string[] Shards =
    [
        "a", "..", ".", " ", "/", "\\", ":", "*", "?", "\"", "<", ">", "|", "\0", "\n", "\u001b[2J", "\u202e", "\uFFFE", "\uFFFF", "\u00a0", "\u3000", "~",
        "CON", "nul", "com1", "LPT¹", "aux.", "con .", "CONIN$", "PRN.txt", "é", "e\u0301", "世界", "😀", "\ud83d", "\ude00", "\u0300", "ﷺ",
        new string('x', 250), new string('世', 90), string.Concat(Enumerable.Repeat("😀", 40)), "{id}", "{index}", "{prompt}", "{SEED}", "{style}", "{track_id}", "{row}", "{date}", "{", "}",
    ];

    [Theory]
    [InlineData("{id}-{index}", "77-1")]
    [InlineData("{row} {prompt}", "6 a pilot")]
    [InlineData("{Style}/{SEED}_{track_id}", "3d/-5_9")]
    [InlineData("by date/{date}\\{id}", "by date/2030-01-02/77")]
    [InlineData("plain", "plain")]
    [InlineData("{id}.png", "77")]
    [InlineData("{id}.v2.JPEG", "77.v2")]
    [InlineData("a.png/{id}", "a.png/77")]
    [InlineData("{id}.txt", "77.txt")]
    [InlineData(".png", ".png")]
    public void Expand_replaces_fields(string template, string expected) =>
        Assert.Equal(expected.Replace("/", Path.DirectorySeparatorChar.ToString(), StringComparison.Ordinal), new FileNameTemplate(template).Expand(Plain, 0));

    [Fact]
    public void Blanks_in_braces_have_no_meaning()
    {
        Assert.Equal("77-1", new FileNameTemplate("{ id }-{index }").Expand(Plain, 0));
        Assert.Equal((true, false), (new FileNameTemplate("{row}").IsKnownBeforeSubmission(Plain.Request!), new FileNameTemplate("{ id }").IsKnownBeforeSubmission(Plain.Request!)));
        Assert.Equal((true, false), (new FileNameTemplate("{ index }").IsSameForAllRequests, new FileNameTemplate("{ id }").IsSameForAllRequests));
    }

    [Fact]
    public void Missing_column_is_found_before_the_request_is_submitted()
    {
        Request request = Plain.Request! with { Columns = new Dictionary<string, string> { ["sam"] = "jdoe" } };
        new FileNameTemplate("{id}-{ sam }").CheckColumns(request);

        FaceGenException error = Assert.Throws<FaceGenException>(() => new FileNameTemplate("{id}-{account}").CheckColumns(request));

        Assert.Equal(ErrorCode.FileNameInvalid, error.Code);
        Assert.StartsWith("people.csv:7: '{account}' is neither a field of a file name nor a column of the row. The row has the columns {sam}.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Expand_value_with_image_extension_is_not_doubled()
    {
        Generation named = Plain with { Images = ["", ""], Request = Plain.Request! with { Columns = new Dictionary<string, string> { ["file"] = "jdoe.jpg" } } };

        Assert.Equal(["jdoe-1", "jdoe-2"], Enumerable.Range(0, 2).Select(index => new FileNameTemplate("{file}").Expand(named, index)));
    }

    [Fact]
    public void OutFileName_numbers_images_in_order_of_naming()
    {
        var names = new OutFileName("my {pilot}.PNG");
        Generation two = Plain with { Images = ["", ""] };
        Generation other = Plain with { Id = "78" };

        Assert.Equal("my {pilot}", names.Expand(two, 0));
        Assert.Equal("my {pilot}-2", names.Expand(two, 1));
        Assert.Equal("my {pilot}-3", names.Expand(other, 0));
        Assert.Equal("my {pilot}-2", names.Expand(two, 1));
    }

    [Theory]
    [InlineData("a.PNG", ImageFormat.Png, ".PNG")]
    [InlineData("a.jpeg", ImageFormat.Jpeg, ".jpeg")]
    [InlineData("a.png", ImageFormat.WebP, ".webp")]
    [InlineData("v1.2", ImageFormat.Png, ".png")]
    internal void OutFileName_keeps_extension_of_the_format(string fileName, ImageFormat format, string expected) =>
        Assert.Equal(expected, new OutFileName(fileName).GetExtension(format));

    [Fact]
    public void ScriptedFileNames_are_made_valid_and_stay_inside_the_folder()
    {
        var names = new ScriptedFileNames();
        names.Set(Plain, "team: a/{j}?.png");

        Assert.Equal(Path.Combine("team_ a", "{j}_"), names.Expand(Plain, 0));
        Assert.All(["", " ", "../x", "/etc/x", "a//b"], name => Assert.Equal(ErrorCode.FileNameInvalid, Assert.Throws<FaceGenException>(() => names.Set(Plain, name)).Code));
    }

    [Fact]
    public void Expand_unknown_value_is_none()
    {
        var unknown = new Generation { Id = "1" };

        Assert.Equal("none-none-none-none-none", new FileNameTemplate("{prompt}-{seed}-{style}-{track_id}-{row}").Expand(unknown, 0));
    }

    [Theory]
    [InlineData("{prompt}", "a hat")]
    [InlineData("{style}/{row} {index}", null)]
    [InlineData("{seed}", "7")]
    [InlineData("{track_id}", null)]
    [InlineData("{prompt} {id}", null)]
    [InlineData("{date}", null)]
    public void IsKnownBeforeSubmission_without_fields_of_service_is_true(string template, string? expected) => Assert.Equal(
        expected, new FileNameTemplate(template).ExpandBeforeSubmission(FakeService.Request("a hat") with { Seed = 7, Style = null, TrackId = null }).SingleOrDefault());

    [Fact]
    public void Expand_images_of_generation_have_different_names()
    {
        Generation two = Plain with { Images = ["https://cdn.example/1.png", "https://cdn.example/2.png"], Prompt = new string('世', 300) };

        Assert.All(["{id}", "{id}-{index}", "{prompt}", "{prompt}{prompt}{prompt}{prompt}", new string('x', 300), "{prompt}{prompt}{prompt}{prompt}-{index}", "{index}/" + new string('x', 300)], text =>
        {
            var template = new FileNameTemplate(text);
            Assert.NotEqual(template.Expand(two, 0), template.Expand(two, 1), StringComparer.OrdinalIgnoreCase);
        });
        Assert.Equal("77-2", new FileNameTemplate("{id}").Expand(two, 1));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("{ }")]
    [InlineData("{promt}")]
    [InlineData("{a/b}")]
    [InlineData("{a:b}")]
    [InlineData("{../x}")]
    [InlineData("../{id}")]
    [InlineData("a/../../{id}")]
    [InlineData("..")]
    [InlineData(".")]
    [InlineData("/{id}")]
    [InlineData("{id}/")]
    [InlineData("a//b")]
    [InlineData("C:\\{id}")]
    [InlineData("{id}:stream")]
    [InlineData("a/ .. /b")]
    [InlineData("")]
    [InlineData("  ")]
    [InlineData("{id")]
    [InlineData("{id}-index}")]
    [InlineData("{id/index}")]
    public void Template_invalid_or_outside_folder_is_refused(string template) => Assert.Equal(
        ErrorCode.FileNameInvalid, Assert.Throws<FaceGenException>(() => new FileNameTemplate(template)).Code);

    [Theory]
    [InlineData("../../etc/passwd", ".._.._etc_passwd")]
    [InlineData("..\\..\\x", ".._.._x")]
    [InlineData("C:\\x", "C__x")]
    [InlineData("..", "_")]
    [InlineData("...", "_")]
    [InlineData("name. . .", "name")]
    [InlineData("a\0b\u0007", "ab")]
    [InlineData("\u001b[2J", "[2J")]
    [InlineData("CON", "_CON")]
    [InlineData("con.txt", "_con.txt")]
    [InlineData("con .txt", "_con .txt")]
    [InlineData("Com1", "_Com1")]
    [InlineData("lpt³.a.b", "_lpt³.a.b")]
    [InlineData("console", "console")]
    [InlineData("com10", "com10")]
    [InlineData("a<b>c:d\"e|f?g*h", "a_b_c_d_e_f_g_h")]
    [InlineData("e\u0301", "é")]
    [InlineData("😀 smile", "😀 smile")]
    public void Expand_values_become_valid_names(string prompt, string expected) =>
        Assert.Equal(expected, new FileNameTemplate("{prompt}").Expand(Plain with { Prompt = prompt }, 0));

    [Fact]
    public void Expand_half_surrogate_pairs_are_removed() => Assert.All(
        ["half \ud83d", "\ude00 half", "ha\ud83d\ud83dlf\ude00"],
        prompt => Assert.Equal("half", new FileNameTemplate("{prompt}").Expand(Plain with { Prompt = prompt }, 0)));

    [Theory]
    [InlineData("x")]
    [InlineData("世")]
    [InlineData("😀")]
    [InlineData("a😀")]
    public void Expand_long_names_are_cut(string character)
    {
        string prompt = string.Concat(Enumerable.Repeat(character, 300));

        foreach (string template in (string[])["{prompt}", "{prompt}{prompt}{prompt}{prompt}{prompt}{prompt}", prompt, "x" + prompt])
        {
            string name = new FileNameTemplate(template).Expand(Plain with { Prompt = prompt }, 0);
            Assert.InRange(Encoding.UTF8.GetByteCount(name), 60, 200);
            Assert.DoesNotContain('\ufffd', Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(name)));
        }
    }

    [Fact]
    public void Expand_long_prompt_ends_at_word() => Assert.Equal(
        "a portrait of a pilot in front of an old plane in the",
        new FileNameTemplate("{prompt}").Expand(Plain with { Prompt = "a portrait of a pilot in front of an old plane in the evening sun" }, 0));

    [Property(MaxTest = 2000)]
    public void Expand_accepted_template_stays_in_folder(byte[] template, byte[] prompt, byte[] style, byte[] id)
    {
        FileNameTemplate accepted;
        try
        {
            accepted = new FileNameTemplate(Text(template));
        }
        catch (FaceGenException refused)
        {
            Assert.Equal(ErrorCode.FileNameInvalid, refused.Code);
            return;
        }

        Generation generation = Plain with
        {
            Id = Text(id),
            Prompt = Text(prompt),
            Request = new Request { Prompt = "", FaceImage = FaceImage.Parse(FieldSamples.FaceLink, path => path), Columns = new Dictionary<string, string> { ["a"] = Text(style) } },
        };
        string folder = Path.Combine(Path.GetTempPath(), "folder");

        string path;
        try
        {
            path = Path.Combine(folder, accepted.Expand(generation, 0));
        }
        catch (FaceGenException missing)
        {
            Assert.Equal(ErrorCode.FileNameInvalid, missing.Code);
            return;
        }

        Assert.StartsWith(folder + Path.DirectorySeparatorChar, Path.GetFullPath(path), StringComparison.Ordinal);
        Assert.All(Path.GetRelativePath(folder, path + ".webp.json").Split('/', '\\'), AssertIsName);
        Assert.All(Path.GetRelativePath(folder, path).Split('/', '\\'), AssertIsName);
    }

    private static void AssertIsName(string name)
    {
        Assert.NotEmpty(name);
        Assert.DoesNotContain(name, c => char.IsControl(c) || "<>:\"/\\|?*".Contains(c, StringComparison.Ordinal));
        Assert.False(name[^1] is '.' || char.IsWhiteSpace(name[^1]) || char.IsWhiteSpace(name[0]), name);
        Assert.DoesNotMatch(@"(?i)^(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])\s*(\.|$)", name);
        Assert.InRange(Encoding.UTF8.GetByteCount(name), 1, 255);
        Assert.Equal(name, Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(name)));
    }

    private static string Text(byte[] choices) => string.Concat(choices.Take(8).Select(choice => Shards[choice % Shards.Length]));
}
