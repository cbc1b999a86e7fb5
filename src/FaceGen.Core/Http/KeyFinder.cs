using System.Text;

namespace FaceGen.Http;

/// <summary>Finds a key in a text in every encoding.</summary>
internal sealed class KeyFinder
{
    /// <summary>The minimum length of an encoded key. A shorter one could be part of any text; a short key is found only as a whole word.</summary>
    private const int MinPartLength = 8;

    /// <summary>The decoded key, and the undecoded one if it looks like an escape.</summary>
    private readonly AhoCorasickSearch _plain, _raw;

    /// <summary>The key in hexadecimal and base64; only letters and digits are compared.</summary>
    private readonly AhoCorasickSearch _encoded;

    private readonly bool _isShort;

    internal KeyFinder(string key)
    {
        NormalizedKey normal = NormalizedKey.Create(key, skipsWhiteSpace: true);
        _isShort = normal.Decoded.Count < MinPartLength;
        if (_isShort) normal = NormalizedKey.Create(key, skipsWhiteSpace: false);
        _plain = new AhoCorasickSearch([normal.Decoded]);
        _raw = new AhoCorasickSearch(normal.Raw.SequenceEqual(normal.Decoded) ? [] : [normal.Raw]);
        _encoded = new AhoCorasickSearch(_isShort ? [] : [.. GetEncodings(key).Select(ToAlphanumeric).Where(spelling => spelling.Count >= MinPartLength)]);
    }

    /// <summary>Returns the ordered positions of the key in a text; they do not overlap.</summary>
    /// <param name="read">Decodes the text.</param>
    internal IReadOnlyList<(int Start, int End)> Find(Action<EscapeDecoder> read)
    {
        var finder = new Scanner(this);
        read(finder);
        return finder.GetMatches();
    }

    private static IEnumerable<string> GetEncodings(string key)
    {
        foreach (byte[] bytes in new[] { Encoding.UTF8.GetBytes(key), Encoding.Unicode.GetBytes(key) })
        {
            yield return string.Concat(bytes.Select(b => $"{b:x2}"));
            yield return Convert.ToBase64String(bytes);
            for (int before = 0; before < 3; before++)
            {
                // These characters depend only on the key, whatever is before and after it.
                string base64 = Convert.ToBase64String([.. new byte[before], .. bytes]);
                int end = (before + bytes.Length) * 8 / 6, first = (before * 8 + 5) / 6;
                yield return base64.Substring(first, end - first);
            }
        }
    }

    private static IReadOnlyList<int> ToAlphanumeric(string spelling) => [.. spelling.Select(c => ToLower(c)).Where(IsAlphanumeric)];

    private static bool IsAlphanumeric(int character) => character is (>= '0' and <= '9') or (>= 'a' and <= 'z');

    private static bool IsWordCharacter(int character) => character == '_' || character >= 0x80 || IsAlphanumeric(character);

    private static int ToLower(int character) => character switch
    {
        >= 'A' and <= 'Z' => character | 0x20,
        >= 0x80 and <= char.MaxValue => char.ToLowerInvariant((char)character),
        _ => character,
    };

    /// <summary>Represents a key before and after decoding.</summary>
    private sealed class NormalizedKey : EscapeDecoder
    {
        private NormalizedKey(bool skipsWhiteSpace)
            : base(skipsWhiteSpace)
        {
        }

        internal List<int> Raw { get; } = [];

        internal List<int> Decoded { get; } = [];

        internal static NormalizedKey Create(string key, bool skipsWhiteSpace)
        {
            var normal = new NormalizedKey(skipsWhiteSpace);
            normal.Decode(key);
            return normal;
        }

        private protected override void OnRawCharacter(int character, int start, int end) => Raw.Add(ToLower(character));

        private protected override void OnCharacter(int character, int start, int end) => Decoded.Add(ToLower(character));
    }

    private sealed class Scanner : EscapeDecoder
    {
        private readonly KeyFinder _key;
        private readonly AhoCorasickSearch.Scan _plain, _raw, _encoded;
        private readonly List<(int Start, int End)> _matches = [];

        /// <summary>The characters before a short key, and a match that the next character must confirm.</summary>
        private readonly Queue<int> _preceding = new();
        private (int Start, int End)? _unconfirmed;
        private bool _canEndWithPadding;

        internal Scanner(KeyFinder key)
            : base(skipsWhiteSpace: !key._isShort)
        {
            _key = key;
            (_plain, _raw, _encoded) = (key._plain.Start(), key._raw.Start(), key._encoded.Start());
        }

        internal List<(int Start, int End)> GetMatches()
        {
            if (_unconfirmed is { } last) _matches.Add(last);
            List<(int Start, int End)> parts = [];
            foreach ((int start, int end) in _matches.OrderBy(part => part.Start).ThenByDescending(part => part.End))
            {
                if (parts.Count > 0 && start < parts[parts.Count - 1].End)
                    parts[parts.Count - 1] = (parts[parts.Count - 1].Start, Math.Max(end, parts[parts.Count - 1].End));
                else
                    parts.Add((start, end));
            }

            return parts;
        }

        private protected override void OnRawCharacter(int character, int start, int end)
        {
            if (!_key._isShort && _raw.Read(ToLower(character), start) is { } first) _matches.Add((first, end));
        }

        private protected override void OnCharacter(int character, int start, int end)
        {
            int lower = ToLower(character);
            if (_key._isShort)
            {
                MatchShortKey(lower, start, end);
                return;
            }

            if (_plain.Read(lower, start) is { } first) _matches.Add((first, end));
            if (IsAlphanumeric(lower))
            {
                first = _encoded.Read(lower, start) ?? -1;
                _canEndWithPadding = first >= 0;
                if (_canEndWithPadding) _matches.Add((first, end));
            }
            else if (_canEndWithPadding && lower == '=')
            {
                // Base64 ends with up to two '='.
                _matches[_matches.Count - 1] = (_matches[_matches.Count - 1].Start, end);
            }
        }

        private void MatchShortKey(int character, int start, int end)
        {
            if (_unconfirmed is { } found && !IsWordCharacter(character)) _matches.Add(found);
            _unconfirmed = null;
            int length = _key._plain.MaxLength;
            if (_plain.Read(character, start) is { } first && (_preceding.Count < length || !(IsWordCharacter(_preceding.Peek()) || _preceding.Peek() == '%')))
                _unconfirmed = (first, end);
            _preceding.Enqueue(character);
            if (_preceding.Count > length) _preceding.Dequeue();
        }
    }
}
