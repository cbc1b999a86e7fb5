using FaceGen.Contract;

namespace FaceGen.Batches.Tests.Requests;

internal static class RequestRowAssert
{
    /// <summary>Returns the request of a row that must be valid.</summary>
    internal static Request AssertValid(this RequestRow row)
    {
        Assert.Null(row.Error);
        Assert.NotNull(row.Request);
        Assert.Equal(row.Source, row.Request.Source);
        return row.Request;
    }

    /// <summary>Returns the error of a row that must be invalid; the message must begin with the row's source.</summary>
    internal static FaceGenException AssertInvalid(this RequestRow row)
    {
        Assert.Null(row.Request);
        Assert.NotNull(row.Error);
        Assert.StartsWith($"{row.Source}: ", row.Error.Message, StringComparison.Ordinal);
        return row.Error;
    }

    internal static IEnumerable<string> Prompts(this IEnumerable<RequestRow> rows) =>
        rows.Select(row => row.AssertValid().Prompt);

    internal static IEnumerable<int> Lines(this IEnumerable<RequestRow> rows) => rows.Select(row => row.Source!.Line);
}
