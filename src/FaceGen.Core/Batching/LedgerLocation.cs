using System.Text.RegularExpressions;

namespace FaceGen.Batching;

/// <summary>Where a batch's ledger is.</summary>
internal static class LedgerLocation
{
    /// <summary>The ledger's file, inside the folder of the images, unless told.</summary>
    internal const string DefaultName = "facegen.ledger";

    private static readonly Regex ConnectionWord = new(
        @"^postgres(ql)?://|(^|;)\s*(host|server|port|database|db|user\s?name|user\s?id|uid|user|password|passwd|pwd|passfile|service|ssl\s?mode)\s*=",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant);

    /// <summary>
    /// Whether a text is a connection string and no path. One that lacks something is still no path: it may hold a
    /// password, and a path is shown in messages.
    /// </summary>
    internal static bool IsDatabase(string ledger) => ConnectionWord.IsMatch(ledger);
}
