namespace FaceGen.Benchmarks.Running;

/// <summary>The table, as Markdown.</summary>
internal static class Table
{
    internal static void Write(TextWriter output, IEnumerable<Row> rows)
    {
        output.WriteLine("| figure | FaceGen | peer | ratio | bar | |");
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
