using System.Globalization;

namespace FaceGen.Contract;

/// <summary>Finds fields by the names that people write: headings of columns, properties, parameters.</summary>
internal static class FieldNames
{
    private static readonly Dictionary<string, RequestField> ByName =
        RequestField.All.ToDictionary(field => RemoveSeparators(field.Name), StringComparer.OrdinalIgnoreCase);

    /// <summary>
    /// Returns the field with a name in any case and with any blanks, hyphens, underscores and dots between its words; null if the
    /// API has no such field.
    /// </summary>
    internal static RequestField? Find(string name) => ByName.TryGetValue(RemoveSeparators(name), out RequestField? field) ? field : null;

    /// <summary>Returns the field with the most similar name; null if no name is similar.</summary>
    internal static RequestField? FindNearest(string name)
    {
        string wanted = RemoveSeparators(name).ToUpperInvariant();
        if (wanted.Length is < 4 or > 40) return null;

        (RequestField field, int distance) = RequestField.All.Select(field => (field, GetEditDistance(wanted, RemoveSeparators(field.Name).ToUpperInvariant()))).OrderBy(pair => pair.Item2).First();
        if (distance <= (wanted.Length < 7 ? 1 : 2)) return field;

        // The wrong name can be one word of the field's name, such as "negative" or "steps".
        RequestField[] longer = [.. RequestField.All.Where(field => field.Name.Split('_').Contains(wanted, StringComparer.OrdinalIgnoreCase))];
        return longer.Length == 1 ? longer[0] : null;
    }

    /// <summary>Removes blanks, hyphens, underscores and dots from a name.</summary>
    internal static string RemoveSeparators(string name) =>
        InvisibleCharacters.Trim(name) is var visible && visible.Any(IsSeparator) ? string.Concat(visible.Where(c => !IsSeparator(c))) : visible;

    private static bool IsSeparator(char c) => c is '.' || InvisibleCharacters.IsInvisible(c)
        || CharUnicodeInfo.GetUnicodeCategory(c) is UnicodeCategory.DashPunctuation or UnicodeCategory.ConnectorPunctuation;

    /// <summary>Returns the number of insertions, deletions, substitutions and swaps of neighbors between two words (Damerau-Levenshtein).</summary>
    private static int GetEditDistance(string one, string other)
    {
        int[,] steps = new int[one.Length + 1, other.Length + 1];
        for (int i = 0; i <= one.Length; i++)
        {
            for (int j = 0; j <= other.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    steps[i, j] = i + j;
                    continue;
                }

                int changed = steps[i - 1, j - 1] + (one[i - 1] == other[j - 1] ? 0 : 1);
                steps[i, j] = Math.Min(changed, Math.Min(steps[i - 1, j], steps[i, j - 1]) + 1);
                if (i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1]) steps[i, j] = Math.Min(steps[i, j], steps[i - 2, j - 2] + 1);
            }
        }

        return steps[one.Length, other.Length];
    }
}
