using Microsoft.Extensions.Primitives;

namespace FaceGen.Emulator.Http;

/// <summary>The header that shows a call's warnings to a caller that does not read the journal.</summary>
internal static class WarningHeader
{
    internal const string Name = "X-Emulator-Warning";

    private const int MaxWarnings = 10;
    private const int MaxLength = 200;

    /// <summary>Returns one value for each warning, as far as headers allow: printable ASCII of a limited length.</summary>
    internal static StringValues Format(IReadOnlyList<string> warnings) =>
        new([.. warnings.Take(MaxWarnings).Select(static warning =>
            string.Concat(warning.Take(MaxLength).Select(static c => c is >= ' ' and <= '~' ? c : '?')))]);
}
