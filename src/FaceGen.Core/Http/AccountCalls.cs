using System.Text.Json;
using FaceGen.Contract;

namespace FaceGen.Http;

/// <summary>What an account may ask about itself.</summary>
internal static class AccountCalls
{
    /// <summary>The most assets that the service lists on one page.</summary>
    internal const int AssetsOnPage = 30;

    /// <summary>The wallet's balance, in the account's currency.</summary>
    /// <exception cref="FaceGenException">The service did not tell it, or refuses the key.</exception>
    internal static async Task<decimal> BalanceAsync(Connection connection, CancellationToken cancel)
    {
        ApiResult result = await connection.Api.PostAsync(connection.Address.WalletBalance, null, cancel).ConfigureAwait(false);
        return result is { Status: 200, Answer: { IsFailure: false } answer }
            && ServiceAnswer.NumberOf(ServiceAnswer.Get(ServiceAnswer.Get(answer.Root, "data"), "balance")) is { } balance and > -1e15 and < 1e15
            ? (decimal)balance
            : throw new FaceGenException(
                result.Status == 401 ? ErrorCode.KeyRejected : ErrorCode.FetchFailed,
                $"The service did not tell the wallet's balance: {result.Describe().TrimEnd('.')}.");
    }

    /// <summary>The ids of a page of the account's finished generations, the newest first; empty after the last.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="page">The page, the first being 1.</param>
    /// <param name="cancel">Ends the call.</param>
    /// <exception cref="FaceGenException">The service did not tell them; not every plan may ask.</exception>
    internal static async Task<IReadOnlyList<string>> AssetIdsAsync(Connection connection, int page, CancellationToken cancel)
    {
        ApiResult result = await connection.Api.PostAsync(connection.Address.AssetsGenerated, json =>
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
}
