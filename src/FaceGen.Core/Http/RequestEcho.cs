using System.Globalization;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using FaceGen.Contract;

namespace FaceGen.Http;

/// <summary>
/// Removes a request's texts from the service's message. A prompt "out of credits" that a validation error repeats is not about the
/// account.
/// </summary>
internal sealed class RequestEcho
{
    /// <summary>The echo of a request without user texts.</summary>
    internal static readonly RequestEcho None = new([], null);

    private const RegexOptions Options = RegexOptions.CultureInvariant;

    /// <summary>The maximum number of nested encodings, such as HTML in JSON in a URL.</summary>
    private const int MaxEncodings = 4;

    /// <summary>The minimum number of words that identify a text that the end of the message truncates without an ellipsis.</summary>
    private const int MinWordsWithoutEllipsis = 3;

    private static readonly Regex EscapedCharacter = new(@"\\+u([0-9a-fA-F]{4})", Options);
    private static readonly Regex EscapedSpace = new(@"\\+[nrtbf](?![a-z])|\\+[nrt]", Options);
    private static readonly Regex Backslashes = new(@"\\+", Options);
    private static readonly Regex Spaces = new(@"\s+", Options);
    private static readonly Regex Word = new(@"[\p{L}\p{N}]+", Options);
    private static readonly Regex Ellipsis = new(@"\G[^\p{L}\p{N}.\[]{0,3}(\.\.\.|\[?truncated)", Options);

    private readonly string[][] _texts;
    private readonly string? _trackId;

    private RequestEcho(IEnumerable<string> texts, string? trackId)
    {
        _texts = [.. texts.Select(SplitWords).Where(words => words.Length > 0).OrderByDescending(words => words.Length)];
        _trackId = trackId;
    }

    /// <summary>Creates the echo of a request.</summary>
    /// <param name="request">The request; null if it is not known.</param>
    /// <param name="faceImage">The value of <c>face_image</c> that was sent.</param>
    internal static RequestEcho Create(Request? request, string? faceImage = null)
    {
        if (request is null) return None;

        IEnumerable<string> texts = request.Fields.Select(field => field.Value switch
        {
            // A number such as 30 stands for other things, too.
            string number when field.Field.Kind == FieldKind.Identifier && JsonObjectWriter.IsInteger(number, out _) => null,
            string text => text,
            Uri link => link.AbsoluteUri,
            FaceImage image => image.Link?.AbsoluteUri,
            _ => null,
        }).Concat(RequestData.GetTexts(request.AdditionalFields)).Append(FaceGen.Generation.ParseLink(faceImage ?? "")?.AbsoluteUri).OfType<string>();
        return new RequestEcho(texts, request.TrackId);
    }

    /// <summary>True if an id is the request's <c>track_id</c>, which does not identify a generation.</summary>
    internal bool IsTrackId(string id) => id == _trackId;

    /// <summary>
    /// Returns a message in lower case with each text of the request replaced by <c>''</c>: complete or truncated, plain or escaped as
    /// in JSON, HTML or URLs, in any case and spacing.
    /// </summary>
    internal string Remove(string message)
    {
        string plain = Normalize(message);
        return _texts.Aggregate(plain, Remove);
    }

    private static string Remove(string message, string[] text)
    {
        Match[] words = [.. Word.Matches(message).Cast<Match>()];
        var result = new StringBuilder(message.Length);
        int from = 0;
        for (int at = 0; at < words.Length; at++)
        {
            int end = FindEnd(text, message, words, at);
            if (end < 0) continue;

            result.Append(message, from, words[at].Index - from).Append("''");
            from = end;
            while (at + 1 < words.Length && words[at + 1].Index < end) at++;
        }

        return from == 0 ? message : result.Append(message, from, message.Length - from).ToString();
    }

    /// <summary>Returns the end of the text that starts at a word of the message; -1 if it does not start there.</summary>
    private static int FindEnd(string[] text, string message, Match[] words, int at)
    {
        int matched = 0;
        while (matched < text.Length && at + matched < words.Length && words[at + matched].Value == text[matched]) matched++;
        if (matched == text.Length) return GetEnd(words[at + matched - 1]);

        // The last word can be truncated.
        bool isPart = at + matched < words.Length && text[matched].StartsWith(words[at + matched].Value, StringComparison.Ordinal);
        int count = matched + (isPart ? 1 : 0);
        if (count == 0) return -1;

        int end = GetEnd(words[at + count - 1]);
        bool isAtEnd = at + count == words.Length && matched >= MinWordsWithoutEllipsis;
        if (Ellipsis.IsMatch(message, end) || isAtEnd) return end;

        if (!isPart || matched == 0) return -1;

        end = GetEnd(words[at + matched - 1]);
        return Ellipsis.IsMatch(message, end) ? end : -1;
    }

    private static int GetEnd(Match word) => word.Index + word.Length;

    private static string[] SplitWords(string text) => [.. Word.Matches(Normalize(text)).Cast<Match>().Select(word => word.Value)];

    private static string Normalize(string text)
    {
        for (int round = 0; round < MaxEncodings; round++)
        {
            string decoded = EscapedCharacter.Replace(text, code => ((char)int.Parse(code.Groups[1].Value, NumberStyles.HexNumber, CultureInfo.InvariantCulture)).ToString());
            decoded = Backslashes.Replace(EscapedSpace.Replace(decoded, " "), "");
            decoded = WebUtility.HtmlDecode(decoded);
            if (decoded.Contains('%')) decoded = Uri.UnescapeDataString(decoded);
            if (decoded == text) break;
            text = decoded;
        }

        // String.Normalize throws for a lone surrogate.
        text = string.Concat(text.Where(c => !char.IsSurrogate(c) && char.GetUnicodeCategory(c) is not (UnicodeCategory.Format or UnicodeCategory.OtherNotAssigned)));
        return Spaces.Replace(string.Concat(text.Normalize(NormalizationForm.FormKC).Where(c => char.IsWhiteSpace(c) || !char.IsControl(c))), " ").Trim().ToLowerInvariant();
    }
}
