using Microsoft.AspNetCore.Http;

namespace FaceGen.Emulator.Http.Replies;

/// <summary>What goes back to the caller, known in full before its first byte leaves.</summary>
internal interface IResponse : IResult
{
    /// <summary>The HTTP status; 0 where no answer is sent at all.</summary>
    int StatusCode { get; }

    /// <summary>Whether the caller gets what was asked for.</summary>
    bool IsSuccess { get; }
}
