using System.Net;
using System.Security.Authentication;
using FaceGen.Contract;

namespace FaceGen.Http;

/// <summary>A connection that cannot be made until somebody changes a setting.</summary>
/// <param name="Error">What is said to the user; it ends the run.</param>
/// <param name="MayPass">True if the fault is known to pass by itself at times, so that it counts only when it lasts.</param>
internal sealed record ConnectionFault(FaceGenException Error, bool MayPass)
{
    /// <summary>Finds out whether a call that was not sent failed for such a fault; null if not.</summary>
    /// <param name="exception">Why the call failed.</param>
    /// <param name="service">The service's address.</param>
    /// <param name="proxy">The proxy that was given, if one was.</param>
    internal static ConnectionFault? Of(Exception exception, Uri service, Uri? proxy)
    {
        for (Exception? e = exception; e is not null; e = e.InnerException)
        {
            if (e is AuthenticationException or WebException { Status: WebExceptionStatus.TrustFailure or WebExceptionStatus.SecureChannelFailure })
                return UntrustedCertificate(service, e);
            if (e is HttpRequestException or WebException && e.Message.Contains("407")) return ProxyAuthentication(service, proxy, e);
        }

        return null;
    }

    /// <summary>Gets the fault of a proxy that asks for credentials.</summary>
    internal static ConnectionFault ProxyAuthentication(Uri service, Uri? proxy, Exception? cause = null)
    {
        // A user and a password that the address holds are left out.
        string name = (proxy ?? HttpHandlers.SystemProxyFor(service)) is not { } known ? "The proxy of this machine's settings"
            : $"The proxy {known.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped)}{(proxy is null ? " of this machine's settings (such as HTTPS_PROXY)" : "")}";
        return new ConnectionFault(Fault(
            $"{name} asks for a name and a password (HTTP 407), so that {Name(service)} could not be reached. Nothing was sent. Give them with Connect-FaceGen -ProxyCredential, or use -ProxyUseDefaultCredentials.", cause), MayPass: true);
    }

    private static ConnectionFault UntrustedCertificate(Uri service, Exception cause)
    {
        string reason = DisplayText.Clean(cause.Message).TrimEnd('.');
        return new ConnectionFault(Fault(
            $"{Name(service)} could not be reached: the certificate of the server, or of a proxy that inspects TLS, is not trusted ({reason}). Nothing was sent. Install the root certificate of that proxy or server on this machine, or correct this machine's clock; Connect-FaceGen -SkipCertificateCheck accepts any certificate, and then whoever stands between can read the key.", cause), MayPass: false);
    }

    private static FaceGenException Fault(string message, Exception? cause) =>
        new(ErrorCode.ServiceUnreachable, message, cause) { MeetsEveryRequest = true };

    private static string Name(Uri service) => service.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped);
}
