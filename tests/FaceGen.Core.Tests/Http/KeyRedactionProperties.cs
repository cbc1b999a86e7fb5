using System.Diagnostics;
using System.Text;
using FaceGen.Contract;
using FaceGen.Http;

namespace FaceGen.Core.Tests.Http;

/// <summary>Tests that the key is redacted in any encoding and with any characters between.</summary>
public sealed class KeyRedactionProperties
{
    private const string Secret = "Zq8W-3nv/Rk+51x_TbLm";

    private static readonly string[] Invisible =
    [
        "\0", "\u0001", "\u001b", "\u007f", "\u0085", "\u00ad", "\u034f", "\u061c", "\u115f", "\u180e", "\u200b", "\u200c", "\u200d", "\u200e", "\u202e",
        "\u2060", "\u2066", "\u3164", "\ufe0f", "\ufeff", "\ufffe", "\ufffd", "\U000E0001", "\U000E0100", "\u0301", " ", "\t", "\r\n", "\u2028", "\u00a0", "\u3000",
    ];

    private readonly ApiKey _key = new(Secret);

    [Fact]
    public void Redact_invisible_characters_and_three_encodings_are_masked()
    {
        for (int seed = 0; seed < 3000; seed++)
        {
            var random = new Random(seed);
            string written = random.Next(4) switch
            {
                0 => InsertInvisible(Convert.ToHexString(Encoding.UTF8.GetBytes(Secret)), random),
                1 => InsertInvisible(Convert.ToBase64String(Encoding.UTF8.GetBytes("ab"[..random.Next(3)] + Secret)), random),
                _ => InsertInvisible(Secret, random),
            };
            int rounds = random.Next(4);
            for (int round = 0; round < rounds; round++) written = InsertInvisible(Encode(written, random), random, seldom: true);
            string text = $"before {written} after";

            string masked = _key.Redact(text);
            string body = Encoding.UTF8.GetString(_key.Redact(Encoding.UTF8.GetBytes(text)));

            Assert.True(masked.Contains("***", StringComparison.Ordinal), $"Seed {seed}: {Format(text)} became {Format(masked)}");
            Assert.Equal(masked.Replace("\ufffd", "", StringComparison.Ordinal), body.Replace("\ufffd", "", StringComparison.Ordinal));
            Assert.StartsWith("before ", masked, StringComparison.Ordinal);
            Assert.EndsWith(" after", masked, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Redact_cleaned_message_has_no_key()
    {
        for (int seed = 0; seed < 500; seed++)
        {
            var random = new Random(seed);
            string written = InsertInvisible(Secret, random);
            byte[] body = System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(new { status = "error", message = $"Key {written} is wrong", id = 7, meta = new { prompt = written } });

            ServiceResponse response = ServiceResponse.TryParse(_key.Redact(body))!;

            Assert.NotNull(response);
            Assert.DoesNotContain(Secret, string.Concat(DisplayText.Clean(response.Message).Where(c => c != ' ')), StringComparison.Ordinal);
            Assert.DoesNotContain(Secret, string.Concat($"{response.Meta["prompt"]}".Where(c => c is > ' ' and < (char)0x7F)), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("5a:71:38:57:2d:33:6e:76:2f:52:6b:2b:35:31:78:5f:54:62:4c:6d")]
    [InlineData("5A 71 38 57 2D 33 6E 76 2F 52 6B 2B 35 31 78 5F 54 62 4C 6D")]
    [InlineData("WnE4Vy0zbnYvUms\nrNTF4X1RiTG0")]
    [InlineData("Zq8W-3nv_Rk-51x_TbLm", false)]
    [InlineData("Zq8W&#45;3nv&sol;Rk&plus;51x_TbLm")]
    [InlineData("Zq8W&#0000000045;3nv/Rk+51x_TbLm")]
    [InlineData("Zq8W&amp;amp;#45;3nv/Rk+51x_TbLm")]
    [InlineData("Zq8W%25252D3nv/Rk+51x_TbLm")]
    [InlineData("Zq8W%2%E2%80%8BD3nv/Rk+51x_TbLm")]
    [InlineData("Zq8W-3nv\\\\\\\\/Rk\\u002b51x_TbLm")]
    [InlineData("zQ8w-3NV/rK+51X_tBlM")]
    public void Redact_spelling_from_the_field_is_masked(string written, bool isMasked = true) =>
        Assert.Equal(isMasked ? "before *** after" : $"before {written} after", _key.Redact($"before {written} after"));

    [Theory]
    [InlineData("100 % sure, 5 &amp; 6, C:\\new\\temp, AT&T, %zz %2 &#; &nothing; \\q \\u12")]
    [InlineData("Zq8W-3nv/Rk+51x_TbL")]
    [InlineData("\ud83d\ude00 %F0%9F%98%80 %FF \ud83d")]
    [InlineData("")]
    public void Redact_text_without_key_is_unchanged(string text) => Assert.Same(text, _key.Redact(text));

    [Theory]
    [InlineData("k%41y-with-escape")]
    [InlineData("key&amp;with\\slash")]
    [InlineData("a key of words")]
    public void Redact_key_similar_to_escape_is_masked(string secret) =>
        Assert.Equal("before *** after", new ApiKey(secret).Redact($"before {secret} after"));

    [Fact]
    public void Redact_large_text_takes_linear_time()
    {
        // Prefixes of the key, backslashes and unfinished escapes slow down a search with backtracking.
        string[] hostile = [Secret[..^1], new('\\', 50), "%25", "%2", "&#00", "&amp;", "\\u00", "5a71", "\u200b", "WnE4"];
        foreach (string piece in hostile)
        {
            string text = string.Concat(Enumerable.Repeat(piece, 1_000_000 / piece.Length));
            long before = GC.GetAllocatedBytesForCurrentThread();
            var watch = Stopwatch.StartNew();

            Assert.Same(text, _key.Redact(text));

            // A search that is not linear takes hours for a million characters.
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), $"{Format(piece)} took {watch.Elapsed}.");
            Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 600_000_000, $"{Format(piece)} took {GC.GetAllocatedBytesForCurrentThread() - before} bytes.");
        }
    }

    private static string InsertInvisible(string text, Random random, bool seldom = false) => string.Concat(text.Select((c, at) =>
        at == 0 || random.Next(seldom ? 12 : 3) != 0 || char.IsSurrogate(c) ? $"{c}" : Invisible[random.Next(Invisible.Length)] + c));

    /// <summary>Writes each character plain or with a random escape.</summary>
    private static string Encode(string text, Random random)
    {
        int style = random.Next(4);
        return string.Concat(text.EnumerateRunes().Select(rune =>
        {
            string character = rune.ToString();
            // The first character of an escape is always escaped, so that its meaning does not change.
            bool isEscape = character is "%" or "&" or "\\" or "#" or ";";
            if (!isEscape && random.Next(3) == 0) return character;

            return style switch
            {
                0 => string.Concat(Encoding.UTF8.GetBytes(character).Select(b => $"%{b:X2}")),
                1 => $"&#{rune.Value};",
                2 => $"&#x{rune.Value:x};",
                _ => string.Concat(character.Select(c => $"\\u{(int)c:x4}")),
            };
        }));
    }

    private static string Format(string text) => string.Concat(text.Select(c => c is >= ' ' and < (char)0x7F ? $"{c}" : $"<{(int)c:x}>"));
}
