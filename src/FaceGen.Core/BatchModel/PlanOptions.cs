namespace FaceGen.BatchModel;

/// <summary>The options of a plan.</summary>
/// <param name="RetryFailed">True to submit rows again that failed or expired.</param>
/// <param name="RetryUncertain">True to submit uncertain rows again.</param>
/// <param name="MaxImages">The largest number of images that may be charged; null for no limit.</param>
internal readonly record struct PlanOptions(bool RetryFailed = false, bool RetryUncertain = false, long? MaxImages = null);
