using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using FaceGen.Contract;
using FaceGen.Generating;
using FaceGen.Http;

namespace FaceGen.Accounts;

/// <summary>
/// What an account may ask about itself and its images. It generates nothing and costs nothing, and so it may be asked
/// again while the service is busy or out of reach.
/// </summary>
/// <param name="connection">The connection that asks.</param>
/// <param name="log">Is told what is waited for.</param>
internal sealed class AccountClient(Connection connection, IEngineLog? log = null)
{
    /// <summary>The most assets that the service lists on one page.</summary>
    internal const int AssetsPerPage = 30;

    private const int MaxAttempts = 4;

    /// <summary>The longest wait that the service is given; what it asks for is rarely more than a minute.</summary>
    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(90);

    /// <summary>The wallet's balance.</summary>
    /// <exception cref="FaceGenException">The service did not tell it, or refuses the key.</exception>
    internal async Task<AccountBalance> GetBalanceAsync(CancellationToken cancellationToken)
    {
        ApiResult result = await PostWithRetryAsync(connection.Address.WalletBalance, null, cancellationToken).ConfigureAwait(false);
        JsonElement data = result is { Status: 200, Response: { IsFailure: false } answer } ? ServiceResponse.GetProperty(answer.Root, "data") : default;
        return ServiceResponse.ReadNumber(ServiceResponse.GetProperty(data, "balance")) is { } balance and > -1e15 and < 1e15
            ? new AccountBalance { Balance = (decimal)balance, Currency = ReadCurrency(ServiceResponse.GetProperty(data, "currency")) }
            : throw CreateError(result, "The service did not tell the wallet's balance");
    }

    private static string? ReadCurrency(JsonElement value) => DisplayText.Clean(ServiceResponse.ReadText(value), 20) is { Length: > 0 } currency ? currency : null;

    /// <summary>
    /// How many requests the account has in its queue. The service lets this be asked 30 times a minute: one time too many
    /// waits for its turn.
    /// </summary>
    /// <exception cref="FaceGenException">The service did not tell it, or refuses the key.</exception>
    internal async Task<QueueUsage> GetQueueUsageAsync(CancellationToken cancellationToken)
    {
        Account account = Account.For(connection);
        ApiResult result = await PostWithRetryAsync(connection.Address.RequestCount, null, cancellationToken, account.QueueCountLimiter).ConfigureAwait(false);
        return result is { Status: 200, Response: { IsFailure: false } answer }
            && ServiceResponse.ReadNumber(ServiceResponse.GetProperty(answer.Root, "processing_count")) is { } count and >= 0 and < 1e6
            ? new QueueUsage { ProcessingCount = (int)count, QueueLimit = account.Slots.Limit }
            : throw CreateError(result, "The service did not tell how many requests are in the queue");
    }

    /// <summary>Deletes a generation's images at the service.</summary>
    /// <exception cref="FaceGenException">The service knows no images of that id, or did not delete them.</exception>
    internal async Task DeleteImagesAsync(string id, CancellationToken cancellationToken)
    {
        if (!long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out long number))
            throw new FaceGenException(ErrorCode.GenerationNotFound, $"'{DisplayText.Clean(id, 60)}' is no id of the service's: nothing was deleted.");

        var isLost = new StrongBox<bool>();
        ApiResult result = await PostWithRetryAsync(connection.Address.DeleteImage, json =>
        {
            json.WriteNumber("request_id", number);
            json.WriteString("type", "image");
        }, cancellationToken, mayHaveRun: isLost).ConfigureAwait(false);
        Outcome outcome = OutcomeClassifier.ClassifyAccountRequest(result);
        bool isUnknown = outcome is Outcome.Failed { Error.EndsRun: false };
        // Where the first answer was lost, the images may be unknown for having been deleted.
        if (outcome is Outcome.Finished || (isUnknown && isLost.Value)) Account.For(connection).Forget(id);
        else throw CreateError(result, $"The images of generation {id} were not deleted", isUnknown ? ErrorCode.GenerationNotFound : ErrorCode.NotDeleted);
    }

    /// <summary>The ids of a page of the account's finished generations, the newest first; empty after the last.</summary>
    /// <param name="page">The page, the first being 1.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="FaceGenException">The service did not tell them; not every plan may ask.</exception>
    internal async Task<IReadOnlyList<string>> GetAssetIdsAsync(int page, CancellationToken cancellationToken)
    {
        ApiResult result = await PostWithRetryAsync(connection.Address.AssetsGenerated, json =>
        {
            json.WriteString("type", "image");
            json.WriteNumber("per_page", AssetsPerPage);
            json.WriteNumber("page", page);
        }, cancellationToken).ConfigureAwait(false);
        if (result is not { Status: 200, Response: { IsFailure: false } answer })
            throw new FaceGenException(ErrorCode.FetchFailed, $"The service did not list the account's images: {result.Describe().TrimEnd('.')}.");

        JsonElement data = ServiceResponse.GetProperty(answer.Root, "data");
        return data.ValueKind != JsonValueKind.Array ? []
            : [.. data.EnumerateArray().Select(asset => ServiceResponse.ReadText(ServiceResponse.GetProperty(asset, "id"))).OfType<string>()];
    }

    /// <summary>Asks, and asks again while it is worthwhile.</summary>
    /// <param name="address">What is asked.</param>
    /// <param name="writeFields">Writes what stands beside the key.</param>
    /// <param name="cancellationToken">Ends asking.</param>
    /// <param name="rateLimiter">How often it may be asked.</param>
    /// <param name="mayHaveRun">Is told whether the service may have done what was asked before the last answer.</param>
    private async Task<ApiResult> PostWithRetryAsync(Uri address, Action<Utf8JsonWriter>? writeFields, CancellationToken cancellationToken, RateLimiter? rateLimiter = null, StrongBox<bool>? mayHaveRun = null)
    {
        for (int attempt = 1; ; attempt++)
        {
            if (rateLimiter is not null) await rateLimiter.AcquireAsync(connection.Services.Time, cancellationToken).ConfigureAwait(false);
            ApiResult result = await connection.Api.PostAsync(address, writeFields, cancellationToken).ConfigureAwait(false);
            if (attempt == MaxAttempts || OutcomeClassifier.ClassifyAccountRequest(result) is not Outcome.Retry retry) return result;

            if (mayHaveRun is not null) mayHaveRun.Value |= result.IsSent && result.Status != 429;
            TimeSpan wait = Backoff.GetDelay(attempt - 1, retry.Delay, connection.Services);
            if (wait > MaxWait) return result;

            log?.LogVerbose($"{address.AbsolutePath} was not answered ({retry.Reason.TrimEnd('.')}): asking again in {DisplayText.FormatSeconds(wait)}.");
            await connection.Services.Time.DelayAsync(wait, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>What a result without an answer is: what every other call would meet too, or a failure of this one.</summary>
    private FaceGenException CreateError(ApiResult result, string failure, ErrorCode code = ErrorCode.FetchFailed) => OutcomeClassifier.ClassifyAccountRequest(result) switch
    {
        Outcome.Failed { Error: { EndsRun: true } fatal } => fatal,
        Outcome.Retry { PersistentError: { } lasting } => lasting,
        Outcome.Retry { IsUnreachable: true } => new FaceGenException(ErrorCode.ServiceUnreachable,
            $"{connection.BaseUri} could not be reached: {result.Describe().TrimEnd('.')}."),
        _ => new FaceGenException(code, $"{failure}: {result.Describe().TrimEnd('.')}."),
    };
}
