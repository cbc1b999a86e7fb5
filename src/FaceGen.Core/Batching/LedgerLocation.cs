using System.Text.RegularExpressions;

namespace FaceGen.Batching;

/// <summary>Where a batch's ledger is.</summary>
internal static class LedgerLocation
{
    /// <summary>The ledger's file, inside the folder of the images, unless told.</summary>
    internal const string DefaultName = "facegen" + Extension;

    /// <summary>The extension of ledger files, as FaceGen itself names them.</summary>
    internal const string Extension = ".ledger";

    private static readonly Regex Server = new(
        @"^postgres(ql)?://|(^|;)\s*(host|server)\s*=", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant);

    private static readonly Regex OtherWord = new(
        @"(^|;)\s*(port|database|db|user|user\s?name|user\s?id|uid|password|passwd|pwd|passfile|service|ssl\s?mode)\s*=",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant);

    /// <summary>Whether it is a connection string, and no path.</summary>
    internal static bool IsDatabase(string ledger) => Server.IsMatch(ledger);

    /// <summary>
    /// Whether it was meant for a connection string and names no server. It is no path either: it may hold a password, and
    /// a path is shown in messages.
    /// </summary>
    internal static bool LacksServer(string ledger) => !IsDatabase(ledger) && OtherWord.IsMatch(ledger);
}
