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
/// <param name="listener">Is told what is waited for.</param>
internal sealed class AccountCalls(Connection connection, IListener? listener = null)
{
    /// <summary>The most assets that the service lists on one page.</summary>
    internal const int AssetsOnPage = 30;

    private const int Tries = 4;

    /// <summary>The longest wait that the service is given; what it asks for is rarely more than a minute.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(90);

    /// <summary>The wallet's balance.</summary>
    /// <exception cref="FaceGenException">The service did not tell it, or refuses the key.</exception>
    internal async Task<AccountBalance> BalanceAsync(CancellationToken cancel)
    {
        ApiResult result = await AskAsync(connection.Address.WalletBalance, null, cancel).ConfigureAwait(false);
        JsonElement data = result is { Status: 200, Answer: { IsFailure: false } answer } ? ServiceAnswer.Get(answer.Root, "data") : default;
        return ServiceAnswer.NumberOf(ServiceAnswer.Get(data, "balance")) is { } balance and > -1e15 and < 1e15
            ? new AccountBalance { Balance = (decimal)balance, Currency = CurrencyOf(ServiceAnswer.Get(data, "currency")) }
            : throw Fault(result, "The service did not tell the wallet's balance");
    }

    private static string? CurrencyOf(JsonElement value) => DisplayText.Clean(ServiceAnswer.TextOf(value), 20) is { Length: > 0 } currency ? currency : null;

    /// <summary>
    /// How many requests the account has in its queue. The service lets this be asked 30 times a minute: one time too many
    /// waits for its turn.
    /// </summary>
    /// <exception cref="FaceGenException">The service did not tell it, or refuses the key.</exception>
    internal async Task<QueueUsage> QueueAsync(CancellationToken cancel)
    {
        Account account = Account.Of(connection);
        ApiResult result = await AskAsync(connection.Address.RequestCount, null, cancel, account.RequestCounts).ConfigureAwait(false);
        return result is { Status: 200, Answer: { IsFailure: false } answer }
            && ServiceAnswer.NumberOf(ServiceAnswer.Get(answer.Root, "processing_count")) is { } count and >= 0 and < 1e6
            ? new QueueUsage { ProcessingCount = (int)count, QueueLimit = account.Slots.Limit }
            : throw Fault(result, "The service did not tell how many requests are in the queue");
    }

    /// <summary>Deletes a generation's images at the service.</summary>
    /// <exception cref="FaceGenException">The service knows no images of that id, or did not delete them.</exception>
    internal async Task DeleteAsync(string id, CancellationToken cancel)
    {
        if (!long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out long number))
            throw new FaceGenException(ErrorCode.GenerationNotFound, $"'{DisplayText.Clean(id, 60)}' is no id of the service's: nothing was deleted.");

        var isLost = new StrongBox<bool>();
        ApiResult result = await AskAsync(connection.Address.DeleteImage, json =>
        {
            json.WriteNumber("request_id", number);
            json.WriteString("type", "image");
        }, cancel, isLost: isLost).ConfigureAwait(false);
        Outcome outcome = Classifier.OfQuestion(result);
        bool isUnknown = outcome is Outcome.Failed { Error.EndsRun: false };
        // Where the first answer was lost, the images may be unknown for having been deleted.
        if (outcome is Outcome.Ended || (isUnknown && isLost.Value)) Account.Of(connection).Forget(id);
        else throw Fault(result, $"The images of generation {id} were not deleted", isUnknown ? ErrorCode.GenerationNotFound : ErrorCode.NotDeleted);
    }

    /// <summary>The ids of a page of the account's finished generations, the newest first; empty after the last.</summary>
    /// <param name="page">The page, the first being 1.</param>
    /// <param name="cancel">Ends the call.</param>
    /// <exception cref="FaceGenException">The service did not tell them; not every plan may ask.</exception>
    internal async Task<IReadOnlyList<string>> AssetIdsAsync(int page, CancellationToken cancel)
    {
        ApiResult result = await AskAsync(connection.Address.AssetsGenerated, json =>
        {
            json.WriteString("type", "image");
            json.WriteNumber("per_page", AssetsOnPage);
            json.WriteNumber("page", page);
        }, cancel).ConfigureAwait(false);
        if (result is not { Status: 200, Answer: { IsFailure: false } answer })
            throw new FaceGenException(ErrorCode.FetchFailed, $"The service did not list the account's images: {result.Describe().TrimEnd('.')}.");

        JsonElement data = ServiceAnswer.Get(answer.Root, "data");
        return data.ValueKind != JsonValueKind.Array ? []
            : [.. data.EnumerateArray().Select(asset => ServiceAnswer.TextOf(ServiceAnswer.Get(asset, "id"))).OfType<string>()];
    }

    /// <summary>Asks, and asks again while it is worthwhile.</summary>
    /// <param name="address">What is asked.</param>
    /// <param name="fields">Writes what stands beside the key.</param>
    /// <param name="cancel">Ends asking.</param>
    /// <param name="rate">How often it may be asked.</param>
    /// <param name="isLost">Is told whether the service may have done what was asked before the last answer.</param>
    private async Task<ApiResult> AskAsync(Uri address, Action<Utf8JsonWriter>? fields, CancellationToken cancel, CallRate? rate = null, StrongBox<bool>? isLost = null)
    {
        for (int attempt = 1; ; attempt++)
        {
            if (rate is not null) await rate.TakeAsync(connection.Services.Time, cancel).ConfigureAwait(false);
            ApiResult result = await connection.Api.PostAsync(address, fields, cancel).ConfigureAwait(false);
            if (attempt == Tries || Classifier.OfQuestion(result) is not Outcome.Retry retry) return result;

            if (isLost is not null) isLost.Value |= result.WasSent && result.Status != 429;
            TimeSpan wait = Backoff.Wait(attempt - 1, retry.After, connection.Services);
            if (wait > LongestWait) return result;

            listener?.Tell($"{address.AbsolutePath} was not answered ({retry.Reason.TrimEnd('.')}): asking again in {DisplayText.Seconds(wait)}.");
            await connection.Services.Time.Wait(wait, cancel).ConfigureAwait(false);
        }
    }

    /// <summary>What a result without an answer is: what every other call would meet too, or a failure of this one.</summary>
    private FaceGenException Fault(ApiResult result, string what, ErrorCode code = ErrorCode.FetchFailed) => Classifier.OfQuestion(result) switch
    {
        Outcome.Failed { Error: { EndsRun: true } fatal } => fatal,
        Outcome.Retry { IfItLasts: { } lasting } => lasting,
        Outcome.Retry { IsUnreachable: true } => new FaceGenException(ErrorCode.ServiceUnreachable,
            $"{connection.BaseUri} could not be reached: {result.Describe().TrimEnd('.')}."),
        _ => new FaceGenException(code, $"{what}: {result.Describe().TrimEnd('.')}."),
    };
}
