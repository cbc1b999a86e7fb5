namespace FaceGen.Contract;

/// <summary>One row of a request file: the request, or what is wrong with it.</summary>
/// <param name="Source">Where the row stands.</param>
/// <param name="Request">The request, if the row is sound.</param>
/// <param name="Error">The fault, if it is not; its message names the line.</param>
/// <param name="UnknownNames">Names of columns or properties that the API does not have, each told once: columns with the first
/// row, a property with the first row that has it.</param>
internal sealed record RequestRow(
    RequestSource Source, Request? Request, FaceGenException? Error, IReadOnlyList<string> UnknownNames);
