namespace FaceGen.Generating;

/// <summary>The wording of a submission that has no response: what it means for money, and what to do.</summary>
internal static class LostResponse
{
    /// <summary>What a lost response means for money.</summary>
    internal const string Consequence = "The service may have accepted and charged for it.";

    /// <summary>Says that the submission was not repeated.</summary>
    internal const string NotSentAgain = "It was not sent again.";

    /// <summary>What to do.</summary>
    internal const string Remedy = "Check the account's generations (Get-FaceGenImage -All) before you send it again. -RetryUncertain sends it again and may pay twice.";

    /// <summary>Returns what happened and what it means.</summary>
    internal static string Describe(string reason) => $"The response to the submission was lost ({reason.TrimEnd('.')}). {Consequence}";

    /// <summary>Creates the error of a submission whose response was lost.</summary>
    /// <param name="reason">Why it was lost.</param>
    /// <param name="rest">Whether it was sent again, and what to do; null for neither.</param>
    internal static FaceGenException CreateError(string reason, string? rest) =>
        new(ErrorCode.SubmissionUncertain, rest is null ? Describe(reason) : $"{Describe(reason)} {rest}");

    /// <summary>Returns the message of a submission that is sent again after all.</summary>
    internal static string RemoveNotSentAgain(string message) => message.Replace($" {NotSentAgain}", "");
}
