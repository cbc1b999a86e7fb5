using System.Text.Json;
using FaceGen.Contract;
using FaceGen.Generating;
using FaceGen.Http;

namespace FaceGen.Accounts;

/// <summary>
/// Sends requests about an account and its images. They are free, so they are repeated while the service is busy or cannot be
/// reached.
/// </summary>
/// <param name="connection">The account's connection.</param>
/// <param name="log">Receives a line for each retry.</param>
internal sealed class AccountClient(Connection connection, IEngineLog? log = null)
{
    /// <summary>The maximum number of assets on a page of the service.</summary>
    internal const int AssetsPerPage = 30;

    private const int MaxAttempts = 4;

    /// <summary>The consequence and the remedy of a free request that failed.</summary>
    private const string Free = "Nothing was charged. Run the command again later.";

    /// <summary>The maximum delay before a retry; the service rarely requests more than a minute.</summary>
    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(90);

    /// <summary>Returns the wallet's balance.</summary>
    /// <exception cref="FaceGenException">The service did not return it, or rejected the key.</exception>
    internal async Task<AccountBalance> GetBalanceAsync(CancellationToken cancellationToken)
    {
        Account account = Account.For(connection);
        long? imagesBefore = account.HasSubmissionInFlight ? null : account.ImagePrice.Images;
        (ApiResult result, _) = await PostWithRetryAsync(connection.Address.WalletBalance, null, null, null, cancellationToken).ConfigureAwait(false);
        JsonElement data = result is { Status: 200, Response: { IsFailure: false } response } ? TolerantJson.GetProperty(response.Root, "data") : default;
        if (TolerantJson.ReadNumber(TolerantJson.GetProperty(data, "balance")) is not ({ } amount and > -1e15 and < 1e15))
            throw CreateError(result, "The service did not return the wallet's balance", Free);

        var balance = new AccountBalance { Balance = (decimal)amount, Currency = ReadCurrency(TolerantJson.GetProperty(data, "currency")) };
        if (imagesBefore == account.ImagePrice.Images && !account.HasSubmissionInFlight) account.ImagePrice.AddBalance(balance);
        return balance;
    }

    private static string? ReadCurrency(JsonElement value) => DisplayText.Clean(TolerantJson.ReadText(value), 20) is { Length: > 0 } currency ? currency : null;

    /// <summary>
    /// Returns the number of requests in the account's queue: by POST, or by GET where the service refuses that. The service allows 30
    /// of these requests per minute; more wait.
    /// </summary>
    /// <exception cref="FaceGenException">The service did not return it, or rejected the key.</exception>
    internal async Task<QueueUsage> GetQueueUsageAsync(CancellationToken cancellationToken)
    {
        Account account = Account.For(connection);
        (ApiResult result, _) = await PostWithRetryAsync(connection.Address.RequestCount, null, account.QueueCountLimiter,
            () => connection.Api.GetAsync(connection.Address.RequestCount, cancellationToken), cancellationToken).ConfigureAwait(false);
        return result is { Status: 200, Response: { IsFailure: false } response }
            && TolerantJson.ReadNumber(TolerantJson.GetProperty(response.Root, "processing_count")) is { } count and >= 0 and < 1e6
            ? new QueueUsage { RequestCount = (int)count, QueueLimit = account.Slots.Limit }
            : throw CreateError(result, "The service did not return the number of requests in the queue", Free);
    }

    /// <summary>Deletes a generation's images at the service.</summary>
    /// <exception cref="FaceGenException">The service has no images with this id, or did not delete them.</exception>
    internal async Task DeleteImagesAsync(string id, CancellationToken cancellationToken)
    {
        (ApiResult result, bool mayHaveRun) = await PostWithRetryAsync(connection.Address.DeleteImage, json =>
        {
            json.WriteIdentifier("request_id", id);
            json.WriteString("type", "image");
        }, null, null, cancellationToken).ConfigureAwait(false);
        Outcome outcome = OutcomeClassifier.ClassifyAccountRequest(result);
        bool isUnknown = outcome is Outcome.Failed { Error.EndsRun: false };
        // If the first response was lost, the images can be unknown because they were deleted.
        if (outcome is Outcome.Finished || (isUnknown && mayHaveRun)) Account.For(connection).Remove(id);
        else if (isUnknown) throw CreateError(result, $"The images of generation {id} were not deleted", "Saved files are not affected. Check the id and the account.", ErrorCode.GenerationNotFound);
        else throw CreateError(result, $"The images of generation {id} were not deleted", "Saved files are not affected. Run the command again later.", ErrorCode.NotDeleted);
    }

    /// <summary>Returns a page of the account's list of finished generations, the newest first; empty after the last page.</summary>
    /// <param name="page">The page, starting at 1.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <exception cref="FaceGenException">The service did not return it; not every plan allows this request.</exception>
    internal async Task<AssetPage> GetAssetsAsync(int page, CancellationToken cancellationToken)
    {
        void WriteFields(Utf8JsonWriter json)
        {
            json.WriteString("type", "image");
            json.WriteNumber("per_page", AssetsPerPage);
            json.WriteNumber("page", page);
        }

        (ApiResult result, _) = await PostWithRetryAsync(connection.Address.AssetsGenerated, WriteFields, null,
            () => connection.Api.PostAsync(connection.Address.OtherAssetsGenerated, WriteFields, cancellationToken), cancellationToken).ConfigureAwait(false);
        if (result is not { Status: 200, Response: { IsFailure: false } response })
        {
            const string failure = "The service did not list the account's generations";
            const string rest = "Nothing was charged. Not every plan includes this list. The service's dashboard shows the generations, too.";
            // A key that may not list them can be a good one for everything else.
            throw result.StatusCode is null ? CreateError(result, failure, rest) : new FaceGenException(ErrorCode.FetchFailed, $"{failure}: {result.Describe().TrimEnd('.')}. {rest}");
        }

        Account account = Account.For(connection);
        JsonElement data = TolerantJson.GetProperty(response.Root, "data"), pagination = TolerantJson.GetProperty(response.Root, "pagination");
        JsonElement[] assets = data.ValueKind != JsonValueKind.Array ? [] : [.. data.EnumerateArray()];
        return new AssetPage(
            [.. assets.Where(asset => asset.ValueKind == JsonValueKind.Object).Select(ServiceResponse.Create).Where(asset => asset.AcceptedId is not null).Select(ToGeneration)],
            assets.Length,
            TolerantJson.ReadNumber(TolerantJson.GetProperty(pagination, "total")),
            TolerantJson.ReadNumber(TolerantJson.GetProperty(pagination, "last_page")));

        Generation ToGeneration(ServiceResponse asset)
        {
            Generation known = account.GetGeneration(asset.AcceptedId!, connection);
            return known.IsFinished ? known : known.WithResponse(asset, asset.Output.Count > 0 ? GenerationStatus.Success : GenerationStatus.Processing);
        }
    }

    /// <summary>Posts a request and repeats it after a temporary failure.</summary>
    /// <param name="address">The address.</param>
    /// <param name="writeFields">Writes the fields beside the key.</param>
    /// <param name="rateLimiter">Limits the rate of the requests; null for no limit.</param>
    /// <param name="sendOther">Sends the request as another page of the documentation describes it; null if there is none.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <returns>The last result, and whether the service may have executed an earlier attempt.</returns>
    private async Task<(ApiResult Result, bool MayHaveRun)> PostWithRetryAsync(
        Uri address, Action<Utf8JsonWriter>? writeFields, RateLimiter? rateLimiter, Func<Task<ApiResult>>? sendOther, CancellationToken cancellationToken)
    {
        bool mayHaveRun = false;
        for (int attempt = 1; ; attempt++)
        {
            if (rateLimiter is not null) await rateLimiter.AcquireAsync(connection.Services.Time, cancellationToken).ConfigureAwait(false);
            ApiResult result = await connection.Api.PostAsync(address, writeFields, cancellationToken).ConfigureAwait(false);
            if (sendOther is not null && result.Status is 404 or 405)
            {
                if (rateLimiter is not null) await rateLimiter.AcquireAsync(connection.Services.Time, cancellationToken).ConfigureAwait(false);
                if (await sendOther().ConfigureAwait(false) is { IsSent: true } other) result = other;
            }

            if (attempt == MaxAttempts || OutcomeClassifier.ClassifyAccountRequest(result) is not Outcome.Retry retry) return (result, mayHaveRun);

            mayHaveRun |= result.IsSent && result.Status != 429;
            TimeSpan wait = Backoff.GetDelay(attempt - 1, retry.Delay, connection.Services);
            if (wait > MaxWait) return (result, mayHaveRun);

            log?.LogVerbose($"{address.AbsolutePath} failed ({retry.Reason.TrimEnd('.')}). Retrying in {DisplayText.FormatSeconds(wait)}.");
            await connection.Services.Time.DelayAsync(wait, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Creates the error of a failed request: the error that every other request would get too, or one with the given code.</summary>
    private FaceGenException CreateError(ApiResult result, string failure, string rest, ErrorCode code = ErrorCode.FetchFailed) => OutcomeClassifier.ClassifyAccountRequest(result) switch
    {
        Outcome.Failed { Error: { EndsRun: true } fatal } => fatal,
        Outcome.Retry { PersistentError: { } persistent } => persistent,
        Outcome.Retry { IsUnreachable: true } => new FaceGenException(ErrorCode.ServiceUnreachable,
            $"{connection.BaseUri} could not be reached: {result.Describe().TrimEnd('.')}. Nothing was sent. Check the network and Connect-FaceGen -BaseUri."),
        _ => new FaceGenException(code, $"{failure}: {result.Describe().TrimEnd('.')}. {rest}"),
    };
}
