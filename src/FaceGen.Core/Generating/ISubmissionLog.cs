using FaceGen.Http;

namespace FaceGen.Generating;

/// <summary>Writes down what must outlive the process, before the next thing happens.</summary>
internal interface ISubmissionLog
{
    /// <summary>A submission is about to be sent. Where this throws, nothing is sent.</summary>
    Task RecordSendingAsync();

    /// <summary>The submission has come to its outcome, whoever still waits for it.</summary>
    /// <param name="outcome">What the answer means.</param>
    /// <param name="accepted">The generation, where one was accepted.</param>
    Task RecordAnswerAsync(Outcome outcome, Generation? accepted);
}
