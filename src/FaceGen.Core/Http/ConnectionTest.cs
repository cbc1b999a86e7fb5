namespace FaceGen.Http;

/// <summary>Tries a connection without generating anything.</summary>
internal static class ConnectionTest
{
    /// <summary>Asks for the account's balance; says what is wrong, or null where all is well.</summary>
    internal static async Task<string?> FaultAsync(Connection connection, CancellationToken cancel)
    {
        ApiResult result = await connection.Api.PostAsync(connection.Address.WalletBalance, null, cancel).ConfigureAwait(false);
        if (result.StatusCode is null) return $"{connection.BaseUri} cannot be reached: {result.Describe()}";
        return result.Status == 200 && result.Answer is { IsFailure: false }
            ? null
            : $"{connection.BaseUri} does not accept the key: {result.Describe()}";
    }
}
