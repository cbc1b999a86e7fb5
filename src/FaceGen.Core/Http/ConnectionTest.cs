namespace FaceGen.Http;

/// <summary>Tries a connection without generating anything.</summary>
internal static class ConnectionTest
{
    /// <summary>Asks for the account's balance; says what is wrong, or null where all is well.</summary>
    internal static async Task<string?> FindFaultAsync(Connection connection, CancellationToken cancellationToken)
    {
        ApiResult result = await connection.Api.PostAsync(connection.Address.WalletBalance, null, cancellationToken).ConfigureAwait(false);
        if (result.Fault is { } fault) return fault.Error.Message;
        if (result.StatusCode is null) return $"{connection.BaseUri} cannot be reached: {result.Describe()}";
        if (result.Status == 200 && result.Response is { IsFailure: false }) return null;

        bool isKey = result.Status is 401 or 403 || (result.Status == 200 && result.Response is not null);
        return $"{connection.BaseUri} {(isKey ? "does not accept the key" : "does not answer as the service does")}: {result.Describe()}";
    }
}
