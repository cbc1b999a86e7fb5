using System.Net;
using System.Net.Sockets;
using FaceGen.Http;

namespace FaceGen.Saving;

/// <summary>
/// Which of the links that an answer names are followed. An answer must not make this machine call into its own
/// network, nor send a picture's request unencrypted, unless the connection itself is there.
/// </summary>
internal static class LinkPolicy
{
    /// <summary>Why a link is not followed; null where it is.</summary>
    internal static async Task<string?> RefusalAsync(Connection connection, Uri link, CancellationToken cancel)
    {
        bool isHttp = link.Scheme == Uri.UriSchemeHttp;
        if (!isHttp && link.Scheme != Uri.UriSchemeHttps) return $"a link by '{link.Scheme}' is not followed";
        if (isHttp && connection.BaseUri.Scheme != Uri.UriSchemeHttp) return "a link without encryption is not followed";
        if (link.UserInfo.Length > 0) return "a link that names a user is not followed";
        return connection.Address.IsOwn(link)
            || !await IsInsideAsync(connection, link, cancel).ConfigureAwait(false)
            || await IsInsideAsync(connection, connection.BaseUri, cancel).ConfigureAwait(false)
            ? null
            : "a link into this network is not followed";
    }

    /// <summary>Whether a host is, or stands for, an address of this machine or of a private network.</summary>
    private static async Task<bool> IsInsideAsync(Connection connection, Uri address, CancellationToken cancel)
    {
        if (IPAddress.TryParse(address.DnsSafeHost, out IPAddress? literal)) return IsInside(literal);

        try
        {
            IPAddress[] addresses = await connection.Services.LookUp(address.DnsSafeHost).UnlessAsync(cancel).ConfigureAwait(false);
            return addresses.Any(IsInside);
        }
        catch (Exception e) when (e is SocketException or ArgumentException)
        {
            // A name that this machine cannot look up leads nowhere in its network; a proxy may know it.
            return false;
        }
    }

    private static bool IsInside(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        if (IPAddress.IsLoopback(address) || address.IsIPv6LinkLocal || address.IsIPv6SiteLocal || address.Equals(IPAddress.IPv6Any))
            return true;

        byte[] b = address.GetAddressBytes();
        if (b.Length == 16) return (b[0] & 0xFE) == 0xFC;

        return b[0] is 0 or 10 or 127
            || (b[0] == 100 && (b[1] & 0xC0) == 64)
            || (b[0] == 169 && b[1] == 254)
            || (b[0] == 172 && (b[1] & 0xF0) == 16)
            || (b[0] == 192 && b[1] == 168);
    }
}
