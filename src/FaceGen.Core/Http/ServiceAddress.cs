using FaceGen.Contract;

namespace FaceGen.Http;

/// <summary>The service's root and the addresses of its calls.</summary>
internal sealed class ServiceAddress
{
    private ServiceAddress(Uri root)
    {
        Root = root;
        Generate = Call("api/v6/image_editing/face_gen");
    }

    internal static readonly Uri Default = new("https://modelslab.com");

    /// <summary>The root, as in <c>https://modelslab.com/</c>.</summary>
    internal Uri Root { get; }

    internal Uri Generate { get; }

    internal Uri Upload => Call("api/v6/base64_to_url");

    internal Uri WalletBalance => Call("api/wallet_balance");

    internal Uri AssetsGenerated => Call("api/assets_generated");

    internal Uri Fetch(string id) => Call($"api/v6/image_editing/fetch/{Uri.EscapeDataString(id)}");

    /// <summary>Takes the root; an address that ends in <c>/api</c> or <c>/api/v6</c> means the same.</summary>
    /// <exception cref="FaceGenException">It is no http or https address.</exception>
    internal static ServiceAddress Parse(Uri address)
    {
        if (!address.IsAbsoluteUri || (address.Scheme != Uri.UriSchemeHttps && address.Scheme != Uri.UriSchemeHttp))
        {
            throw new FaceGenException(ErrorCode.ConnectionInvalid,
                $"'{DisplayText.Clean(address.OriginalString, 200)}' is no address of a service: give one like {Default}.");
        }

        // A key in clear text is for everybody on the way to read.
        if (address.Scheme == Uri.UriSchemeHttp && !address.IsLoopback)
        {
            throw new FaceGenException(ErrorCode.ConnectionInvalid,
                $"{address} would send the key unencrypted: use https. Plain http is for this machine's own addresses.");
        }

        string path = address.AbsolutePath.TrimEnd('/');
        foreach (string suffix in (string[])["/v6", "/api"])
        {
            if (path.EndsWith(suffix, StringComparison.OrdinalIgnoreCase)) path = path.Substring(0, path.Length - suffix.Length);
        }

        return new ServiceAddress(new UriBuilder(address.Scheme, address.Host, address.Port, path + "/").Uri);
    }

    /// <summary>Whether an address is on the service's own scheme, host and port.</summary>
    internal bool IsOwn(Uri address) => address.IsAbsoluteUri && address.Scheme == Root.Scheme && address.Port == Root.Port
        && address.Host.Equals(Root.Host, StringComparison.OrdinalIgnoreCase);

    private Uri Call(string path) => new(Root, path);
}
