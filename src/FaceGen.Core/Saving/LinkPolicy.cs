using System.Net;
using System.Net.Sockets;

namespace FaceGen.Saving;

/// <summary>
/// Decides which links of a response are downloaded. A response must not make this machine send requests into its own network,
/// or unencrypted ones, unless the connection's address is there too.
/// </summary>
internal static class LinkPolicy
{
    /// <summary>Returns why a link is not downloaded; null if it is.</summary>
    internal static async Task<string?> GetRefusalAsync(Connection connection, Uri link, CancellationToken cancellationToken)
    {
        bool isHttp = link.Scheme == Uri.UriSchemeHttp;
        if (!isHttp && link.Scheme != Uri.UriSchemeHttps) return $"FaceGen does not follow a '{link.Scheme}' link";
        if (isHttp && connection.BaseUri.Scheme != Uri.UriSchemeHttp) return "FaceGen does not follow a link without encryption";
        if (link.UserInfo.Length > 0) return "FaceGen does not follow a link with a user name";
        return connection.Address.IsOwn(link)
            || !await IsInternalAsync(connection, link, cancellationToken).ConfigureAwait(false)
            || await IsInternalAsync(connection, connection.BaseUri, cancellationToken).ConfigureAwait(false)
            ? null
            : "FaceGen does not follow a link into this network";
    }

    /// <summary>True if a host is, or resolves to, an address of this machine or of a private network.</summary>
    private static async Task<bool> IsInternalAsync(Connection connection, Uri address, CancellationToken cancellationToken)
    {
        // The form that the request uses: an address may be written with digits and dots other than ASCII's.
        string host = address.IdnHost.Trim('[', ']').TrimEnd('.');
        if (IPAddress.TryParse(host, out IPAddress? literal)) return IsInternal(literal);
        if (host == "localhost" || host.EndsWith(".localhost", StringComparison.Ordinal)) return true;

        try
        {
            IPAddress[] addresses = await connection.Services.ResolveHostAsync(host).WaitAsync(cancellationToken).ConfigureAwait(false);
            return addresses.Any(IsInternal);
        }
        catch (Exception e) when (e is SocketException or ArgumentException)
        {
            // A name that this machine cannot resolve is not in its network; a proxy may resolve it.
            return false;
        }
    }

    private static bool IsInternal(IPAddress address)
    {
        byte[] b = address.GetAddressBytes();
        if (b.Length == 16) return (GetEmbeddedIPv4(b) is { } within && IsInternal(within)) || IsInternalIPv6(address, b);

        return b[0] is 0 or 10 or 127
            || (b[0] == 100 && (b[1] & 0xC0) == 64)
            || (b[0] == 169 && b[1] == 254)
            || (b[0] == 172 && (b[1] & 0xF0) == 16)
            || (b[0] == 192 && b[1] == 168)
            // Benchmarks, protocol assignments, multicast and reserved addresses.
            || (b[0] == 198 && (b[1] & 0xFE) == 18)
            || (b[0] == 192 && b[1] == 0 && b[2] == 0)
            || b[0] >= 224;
    }

    private static bool IsInternalIPv6(IPAddress address, byte[] bytes) => IPAddress.IsLoopback(address) || address.Equals(IPAddress.IPv6Any)
        || address.IsIPv6LinkLocal || address.IsIPv6SiteLocal || address.IsIPv6Multicast
        || (bytes[0] & 0xFE) == 0xFC
        // Addresses that a translator of the local network defines (RFC 8215), and the ends of Teredo tunnels.
        || StartsWith(bytes, 0x00, 0x64, 0xFF, 0x9B, 0x00, 0x01) || StartsWith(bytes, 0x20, 0x01, 0x00, 0x00);

    /// <summary>Returns the IPv4 address in an IPv6 address: mapped, compatible, translated, NAT64 or 6to4; null if there is none.</summary>
    private static IPAddress? GetEmbeddedIPv4(byte[] bytes)
    {
        if (StartsWith(bytes, 0x20, 0x02)) return new IPAddress(bytes.AsSpan(2, 4).ToArray());

        bool isLast = (bytes.Take(10).All(each => each == 0) && bytes[10] == bytes[11] && bytes[10] is 0 or 0xFF)
            || (bytes.Take(8).All(each => each == 0) && bytes[8] == 0xFF && bytes[9] == 0xFF && bytes[10] == 0 && bytes[11] == 0)
            || (StartsWith(bytes, 0x00, 0x64, 0xFF, 0x9B) && bytes.Skip(4).Take(8).All(each => each == 0));
        return isLast ? new IPAddress(bytes.AsSpan(12, 4).ToArray()) : null;
    }

    private static bool StartsWith(byte[] address, params byte[] prefix) => address.AsSpan().StartsWith(prefix);
}
