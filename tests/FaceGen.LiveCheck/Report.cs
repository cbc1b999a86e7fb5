using System.Globalization;
using System.Text;
using System.Text.Json;
using FaceGen.Http;

namespace FaceGen.LiveCheck;

/// <summary>Writes the report: the assumptions, and every request and response.</summary>
internal static class Report
{
    /// <summary>Returns the report in Markdown.</summary>
    /// <param name="findings">The findings.</param>
    /// <param name="observed">What the run observed.</param>
    /// <param name="redaction">Removes what must not be shared.</param>
    /// <param name="facts">Lines for the head of the report.</param>
    internal static string Create(IReadOnlyList<(Check Check, Finding Finding)> findings, Observations observed, Redaction redaction, IEnumerable<string> facts)
    {
        var report = new StringBuilder("# Live check of the face generation API\n\n");
        foreach (string fact in facts) report.Append("- ").AppendLine(fact);
        report.AppendLine().AppendLine("Keys, links, face images, generated images and balances are not in this report.");

        WriteTable("Differs: FaceGen does not expect this", Verdict.Differs);
        WriteTable("Known deviations from the published contract, which FaceGen handles", Verdict.KnownDeviation);
        WriteTable("Agrees with the published contract", Verdict.Agrees);
        WriteTable("Not observed", Verdict.NotObserved);

        report.AppendLine().AppendLine("## Requests and responses");
        Exchange? before = null;
        int repetitions = 0;
        foreach (Exchange exchange in observed.Exchanges)
        {
            if (before is not null && IsSame(before, exchange))
            {
                repetitions++;
                continue;
            }

            WriteRepetitions();
            before = exchange;
            WriteExchange(exchange);
        }

        WriteRepetitions();
        return report.ToString().ReplaceLineEndings("\n");

        void WriteTable(string title, Verdict verdict)
        {
            var rows = findings.Where(row => row.Finding.Verdict == verdict).ToArray();
            report.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"## {title} ({rows.Length})");
            if (rows.Length == 0) return;

            report.AppendLine().AppendLine("| id | expected | source | seen | images |").AppendLine("| --- | --- | --- | --- | --- |");
            foreach ((Check check, Finding finding) in rows)
                report.AppendLine(CultureInfo.InvariantCulture, $"| {check.Id} | {Escape(check.Assumption)} | {check.Sources} | {Escape(redaction.Redact(finding.Seen, Finding.MaxLength))} | {check.Images} |");
        }

        void WriteExchange(Exchange exchange)
        {
            string path = observed.Address.Root.MakeRelativeUri(exchange.Address).ToString(), fetchPath = observed.Address.Root.MakeRelativeUri(observed.Address.Fetch("")).ToString();
            string address = exchange.Kind is not (CallKind.Download or CallKind.Fetch) ? path
                : path.StartsWith(fetchPath, StringComparison.Ordinal) ? $"{fetchPath}[id]" : redaction.NameLink(exchange.Address.OriginalString);
            report.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"### {exchange.Step}: {exchange.Method} {address}");
            if (exchange.Fields is { Count: > 0 } fields) WriteJson("Request, beside the key:", JsonSerializer.SerializeToElement(fields));
            report.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"Response: {(exchange.Result.StatusCode is null ? "none" : $"HTTP {exchange.Status}, {exchange.Body.Length} bytes of {Escape(redaction.Redact(exchange.MediaType ?? "no media type"))}")}{(exchange.Result.Failure is { } failure ? $"; {Escape(redaction.Redact(failure))}" : "")}");
            if (exchange.Result.RetryAfter is { } wait) report.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"Retry-After: {wait.TotalSeconds:0} s");
            if (exchange.Json.ValueKind == JsonValueKind.Object) WriteJson("", exchange.Json);
            if (exchange.Outcome is { } outcome) report.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"FaceGen classifies it as: {DescribeOutcome(outcome)}");
        }

        void WriteJson(string title, JsonElement json) => report.AppendLine().Append(title.Length > 0 ? $"{title}\n\n" : "").AppendLine("```json").AppendLine(redaction.Redact(json)).AppendLine("```");

        void WriteRepetitions()
        {
            if (repetitions > 0) report.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"The same response came {repetitions} more time(s).");
            repetitions = 0;
        }
    }

    private static bool IsSame(Exchange one, Exchange other) =>
        one.Kind == CallKind.Fetch && one.Step == other.Step && one.Status == other.Status && one.Body.AsSpan().SequenceEqual(other.Body) && one.Body.Length > 0;

    private static string DescribeOutcome(Outcome outcome) => outcome switch
    {
        Outcome.Finished { Status: GenerationStatus.Failed } => "a failed generation",
        Outcome.Finished => "success",
        Outcome.Pending => "accepted, not finished",
        Outcome.Retry { IsQueueFull: true } => "not accepted: the queue is full; it would be sent again",
        Outcome.Retry => "a temporary failure; it would be sent again",
        Outcome.Failed failed => $"an error, {failed.Error.Code}",
        _ => "uncertain: it would not be sent again",
    };

    /// <summary>Escapes a text for a cell of a table.</summary>
    private static string Escape(string text) =>
        text.Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal).Replace("|", "\\|", StringComparison.Ordinal).Replace("`", "'", StringComparison.Ordinal);
}
