using FaceGen.Contract;

namespace FaceGen.Http;

/// <summary>Provides the service's root address and the addresses of its requests.</summary>
internal sealed class ServiceAddress
{
    private ServiceAddress(Uri root, bool isEnterprise)
    {
        Root = root;
        IsEnterprise = isEnterprise;
        Generate = Combine(Operation.FaceGen.GetSubmissionPath(isEnterprise));
    }

    internal static readonly Uri Default = new("https://modelslab.com");

    /// <summary>Gets the root, such as <c>https://modelslab.com/</c>.</summary>
    internal Uri Root { get; }

    /// <summary>True if images are generated and fetched at the addresses for enterprise accounts.</summary>
    internal bool IsEnterprise { get; }

    /// <summary>Gets the address that identifies where the account's generations are fetched: the root or the enterprise address.</summary>
    internal Uri AccountScope => IsEnterprise ? Combine("api/v1/enterprise") : Root;

    internal Uri Generate { get; }

    internal Uri Upload => Combine("api/v6/base64_to_url");

    internal Uri WalletBalance => Combine("api/wallet_balance");

    internal Uri RequestCount => Combine("api/v6/processing/request_count");

    internal Uri DeleteImage => Combine("api/v3/delete_image");

    internal Uri AssetsGenerated => Combine("api/assets_generated");

    /// <summary>Gets the address of the same request by another page of the documentation.</summary>
    internal Uri OtherAssetsGenerated => Combine("api/v6/assets_generated");

    internal Uri Fetch(string id) => Combine(Operation.FaceGen.GetFetchPath(IsEnterprise, id));

    /// <summary>
    /// Parses the root address, with or without <c>/api</c> or <c>/api/v6</c> at its end; <c>/api/v1/enterprise</c> selects the
    /// addresses for enterprise accounts.
    /// </summary>
    /// <exception cref="FaceGenException">The address is not an https address, or an http address of this machine.</exception>
    internal static ServiceAddress Parse(Uri address, bool isEnterprise = false)
    {
        if (!address.IsAbsoluteUri || (address.Scheme != Uri.UriSchemeHttps && address.Scheme != Uri.UriSchemeHttp))
        {
            throw new FaceGenException(ErrorCode.ConnectionInvalid,
                $"'{DisplayText.FormatAddress(address)}' is not an https address. Nothing was sent. Use an address such as {Default}.");
        }

        if (address.Scheme == Uri.UriSchemeHttp && !address.IsLoopback)
        {
            throw new FaceGenException(ErrorCode.ConnectionInvalid,
                $"{address.GetComponents(UriComponents.SchemeAndServer, UriFormat.SafeUnescaped)} would send the key unencrypted. Nothing was sent. Use https; http is only for addresses of this machine.");
        }

        string path = address.AbsolutePath.TrimEnd('/');
        bool endsInEnterprise = Strip("/v1/enterprise");
        if (!endsInEnterprise) Strip("/v6");
        Strip("/api");
        return new ServiceAddress(new UriBuilder(address.Scheme, address.Host, address.Port, path + "/").Uri, isEnterprise || endsInEnterprise);

        bool Strip(string suffix)
        {
            bool ends = path.EndsWith(suffix, StringComparison.OrdinalIgnoreCase);
            if (ends) path = path.Substring(0, path.Length - suffix.Length);
            return ends;
        }
    }

    /// <summary>True if an address has the service's scheme, host and port.</summary>
    internal bool IsOwn(Uri address) => address.IsAbsoluteUri && address.Scheme == Root.Scheme && address.Port == Root.Port
        && address.Host.Equals(Root.Host, StringComparison.OrdinalIgnoreCase);

    private Uri Combine(string path) => new(Root, path);
}
