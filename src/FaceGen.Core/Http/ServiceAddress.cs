using FaceGen.Contract;

namespace FaceGen.Http;

/// <summary>The service's root and the addresses of its calls.</summary>
internal sealed class ServiceAddress
{
    private readonly string _imagePath;

    private ServiceAddress(Uri root, bool isEnterprise)
    {
        Root = root;
        IsEnterprise = isEnterprise;
        _imagePath = isEnterprise ? "api/v1/enterprise/image_editing/" : "api/v6/image_editing/";
        Generate = Combine(_imagePath + "face_gen");
    }

    internal static readonly Uri Default = new("https://modelslab.com");

    /// <summary>The root, as in <c>https://modelslab.com/</c>.</summary>
    internal Uri Root { get; }

    /// <summary>Whether images are generated, and fetched, at the addresses for enterprise accounts.</summary>
    internal bool IsEnterprise { get; }

    /// <summary>Tells where a generation was made, and so where it must be asked for: the root, or the enterprise addresses.</summary>
    internal Uri AccountScope => IsEnterprise ? Combine("api/v1/enterprise") : Root;

    internal Uri Generate { get; }

    internal Uri Upload => Combine("api/v6/base64_to_url");

    internal Uri WalletBalance => Combine("api/wallet_balance");

    internal Uri RequestCount => Combine("api/v6/processing/request_count");

    internal Uri DeleteImage => Combine("api/v3/delete_image");

    internal Uri AssetsGenerated => Combine("api/assets_generated");

    internal Uri Fetch(string id) => Combine($"{_imagePath}fetch/{Uri.EscapeDataString(id)}");

    /// <summary>
    /// Takes the root; an address that ends in <c>/api</c> or <c>/api/v6</c> means the same, and one that ends in
    /// <c>/api/v1/enterprise</c> the addresses for enterprise accounts.
    /// </summary>
    /// <exception cref="FaceGenException">It is no http or https address.</exception>
    internal static ServiceAddress Parse(Uri address, bool isEnterprise = false)
    {
        if (!address.IsAbsoluteUri || (address.Scheme != Uri.UriSchemeHttps && address.Scheme != Uri.UriSchemeHttp))
        {
            throw new FaceGenException(ErrorCode.ConnectionInvalid,
                $"'{DisplayText.FormatAddress(address)}' is no address of a service: give one like {Default}.");
        }

        // A key in clear text is for everybody on the way to read.
        if (address.Scheme == Uri.UriSchemeHttp && !address.IsLoopback)
        {
            throw new FaceGenException(ErrorCode.ConnectionInvalid,
                $"{address.GetComponents(UriComponents.SchemeAndServer, UriFormat.SafeUnescaped)} would send the key unencrypted: use https. Plain http is for this machine's own addresses.");
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

    /// <summary>Whether an address is on the service's own scheme, host and port.</summary>
    internal bool IsOwn(Uri address) => address.IsAbsoluteUri && address.Scheme == Root.Scheme && address.Port == Root.Port
        && address.Host.Equals(Root.Host, StringComparison.OrdinalIgnoreCase);

    private Uri Combine(string path) => new(Root, path);
}
