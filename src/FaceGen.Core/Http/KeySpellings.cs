using System.Text;

namespace FaceGen.Http;

/// <summary>Finds a key in a text in whichever spelling.</summary>
internal sealed class KeySpellings
{
    /// <summary>A shorter piece could be part of any text: a key as short is found only where it stands by itself.</summary>
    private const int ShortestPiece = 8;

    /// <summary>The key as it is read when all escapes are undone, and as it stands where it has escapes of its own.</summary>
    private readonly TextSearch _plain, _raw;

    /// <summary>The key in hexadecimal and base64, of which letters and digits are compared: what separates them does not count.</summary>
    private readonly TextSearch _encoded;

    private readonly bool _isShort;

    internal KeySpellings(string key)
    {
        Normal normal = Normal.Of(key, dropsWhiteSpace: true);
        _isShort = normal.Result.Count < ShortestPiece;
        if (_isShort) normal = Normal.Of(key, dropsWhiteSpace: false);
        _plain = new TextSearch([normal.Result]);
        _raw = new TextSearch(normal.Raw.SequenceEqual(normal.Result) ? [] : [normal.Raw]);
        _encoded = new TextSearch(_isShort ? [] : [.. Encodings(key).Select(Alphanumeric).Where(spelling => spelling.Count >= ShortestPiece)]);
    }

    /// <summary>Returns where a text holds the key: parts that do not overlap, in their order.</summary>
    /// <param name="read">Reads the text.</param>
    internal IReadOnlyList<(int Start, int End)> Find(Action<EscapedText> read)
    {
        var finder = new Finder(this);
        read(finder);
        return finder.End();
    }

    private static IEnumerable<string> Encodings(string key)
    {
        foreach (byte[] bytes in new[] { Encoding.UTF8.GetBytes(key), Encoding.Unicode.GetBytes(key) })
        {
            yield return string.Concat(bytes.Select(b => $"{b:x2}"));
            yield return Convert.ToBase64String(bytes);
            for (int before = 0; before < 3; before++)
            {
                // The characters that hold nothing but the key's own bits, whatever stands before and after it.
                string base64 = Convert.ToBase64String([.. new byte[before], .. bytes]);
                int own = (before + bytes.Length) * 8 / 6, first = (before * 8 + 5) / 6;
                yield return base64.Substring(first, own - first);
            }
        }
    }

    private static IReadOnlyList<int> Alphanumeric(string spelling) => [.. spelling.Select(c => Lower(c)).Where(IsAlphanumeric)];

    private static bool IsAlphanumeric(int character) => character is (>= '0' and <= '9') or (>= 'a' and <= 'z');

    private static bool IsOfWord(int character) => character == '_' || character >= 0x80 || IsAlphanumeric(character);

    private static int Lower(int character) => character switch
    {
        >= 'A' and <= 'Z' => character | 0x20,
        >= 0x80 and <= char.MaxValue => char.ToLowerInvariant((char)character),
        _ => character,
    };

    /// <summary>A key as it stands, and as it is read.</summary>
    private sealed class Normal : EscapedText
    {
        private Normal(bool dropsWhiteSpace)
            : base(dropsWhiteSpace)
        {
        }

        internal List<int> Raw { get; } = [];

        internal List<int> Result { get; } = [];

        internal static Normal Of(string key, bool dropsWhiteSpace)
        {
            var normal = new Normal(dropsWhiteSpace);
            normal.Read(key);
            return normal;
        }

        private protected override void TakeRaw(int character, int start, int end) => Raw.Add(Lower(character));

        private protected override void Take(int character, int start, int end) => Result.Add(Lower(character));
    }

    private sealed class Finder : EscapedText
    {
        private readonly KeySpellings _key;
        private readonly TextSearch.Run _plain, _raw, _encoded;
        private readonly List<(int Start, int End)> _found = [];

        /// <summary>What stands before a short key, and where one was found that what follows must confirm.</summary>
        private readonly Queue<int> _before = new();
        private (int Start, int End)? _unconfirmed;
        private bool _mayEnd;

        internal Finder(KeySpellings key)
            : base(dropsWhiteSpace: !key._isShort)
        {
            _key = key;
            (_plain, _raw, _encoded) = (key._plain.Begin(), key._raw.Begin(), key._encoded.Begin());
        }

        internal List<(int Start, int End)> End()
        {
            if (_unconfirmed is { } last) _found.Add(last);
            List<(int Start, int End)> parts = [];
            foreach ((int start, int end) in _found.OrderBy(part => part.Start).ThenByDescending(part => part.End))
            {
                if (parts.Count > 0 && start < parts[parts.Count - 1].End)
                    parts[parts.Count - 1] = (parts[parts.Count - 1].Start, Math.Max(end, parts[parts.Count - 1].End));
                else
                    parts.Add((start, end));
            }

            return parts;
        }

        private protected override void TakeRaw(int character, int start, int end)
        {
            if (!_key._isShort && _raw.Take(Lower(character), start) is { } first) _found.Add((first, end));
        }

        private protected override void Take(int character, int start, int end)
        {
            int lower = Lower(character);
            if (_key._isShort)
            {
                TakeShort(lower, start, end);
                return;
            }

            if (_plain.Take(lower, start) is { } first) _found.Add((first, end));
            if (IsAlphanumeric(lower))
            {
                first = _encoded.Take(lower, start) ?? -1;
                _mayEnd = first >= 0;
                if (_mayEnd) _found.Add((first, end));
            }
            else if (_mayEnd && lower == '=')
            {
                // Base64 ends in up to two of them.
                _found[_found.Count - 1] = (_found[_found.Count - 1].Start, end);
            }
        }

        private void TakeShort(int character, int start, int end)
        {
            if (_unconfirmed is { } found && !IsOfWord(character)) _found.Add(found);
            _unconfirmed = null;
            int length = _key._plain.Longest;
            if (_plain.Take(character, start) is { } first && (_before.Count < length || !(IsOfWord(_before.Peek()) || _before.Peek() == '%')))
                _unconfirmed = (first, end);
            _before.Enqueue(character);
            if (_before.Count > length) _before.Dequeue();
        }
    }
}
