using System.Globalization;

namespace FaceGen.Benchmarks.Running;

/// <summary>Writes the table as Markdown.</summary>
internal static class Table
{
    internal static void Write(TextWriter output, IEnumerable<Row> rows)
    {
        output.WriteLine("| metric | FaceGen | peer | ratio | target | |");
        output.WriteLine("| --- | --- | --- | --- | --- | --- |");
        foreach (Row row in rows)
            output.WriteLine($"| {row.Metric} | {row.FaceGen} | {row.Peer} | {row.Ratio} | {row.Target} | {Verdict(row.IsTargetMet)} |");
    }

    private static string Verdict(bool? isTargetMet) => isTargetMet switch
    {
        true => "met",
        false => "**missed**",
        null => "not judged",
    };
}

/// <summary>A row of the table.</summary>
/// <param name="Metric">What was measured.</param>
/// <param name="FaceGen">FaceGen's result.</param>
/// <param name="Peer">The peers' results.</param>
/// <param name="Ratio">FaceGen's result divided by the peer's, if that matters.</param>
/// <param name="Target">The target.</param>
/// <param name="IsTargetMet">Whether the target was met; null if it could not be judged here.</param>
internal sealed record Row(string Metric, string FaceGen, string Peer, string Ratio, string Target, bool? IsTargetMet);

/// <summary>Formats numbers for the table, independent of the culture.</summary>
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

/// <summary>Summary statistics.</summary>
internal static class Statistics
{
    internal static double Median(this IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        int middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
