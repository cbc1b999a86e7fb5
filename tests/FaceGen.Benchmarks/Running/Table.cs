namespace FaceGen.Benchmarks.Running;

/// <summary>The table, as Markdown.</summary>
internal static class Table
{
    internal static void Write(TextWriter output, IEnumerable<Row> rows)
    {
        output.WriteLine("| figure | FaceGen | peer | ratio | bar | |");
        output.WriteLine("| --- | --- | --- | --- | --- | --- |");
        foreach (Row row in rows)
            output.WriteLine($"| {row.Figure} | {row.FaceGen} | {row.Peer} | {row.Ratio} | {row.Bar} | {Verdict(row.IsMet)} |");
    }

    private static string Verdict(bool? isMet) => isMet switch
    {
        true => "met",
        false => "**missed**",
        null => "not judged",
    };
}
