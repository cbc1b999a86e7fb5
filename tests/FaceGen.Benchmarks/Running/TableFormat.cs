using System.Globalization;

namespace FaceGen.Benchmarks.Running;

/// <summary>Numbers as the table shows them, alike under every culture.</summary>
internal static class TableFormat
{
    internal const string None = "–";

    private const double Megabyte = 1e6;

    internal static string Invariant(FormattableString text) => FormattableString.Invariant(text);

    internal static string Count(double number) => number.ToString("#,0", CultureInfo.InvariantCulture);

    internal static string Ratio(double ratio) => ratio.ToString("0.00", CultureInfo.InvariantCulture);

    internal static string Megabytes(double bytes) => Invariant($"{bytes / Megabyte:#,0.0} MB");

    internal static string Milliseconds(double milliseconds) => Invariant($"{milliseconds:0} ms");
}
