namespace FaceGen.BatchModel;

/// <summary>The options of a plan.</summary>
/// <param name="RetryFailed">True if rows that failed or expired before would be submitted again.</param>
/// <param name="RetryUncertain">True if uncertain rows would be submitted again.</param>
/// <param name="MaxImages">How many images may be paid for; null for any number.</param>
internal readonly record struct PlanOptions(bool RetryFailed = false, bool RetryUncertain = false, long? MaxImages = null);
