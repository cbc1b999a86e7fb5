using System.Net;
using System.Security.Authentication;
using FaceGen.Contract;

namespace FaceGen.Http;

/// <summary>A connection that cannot be made until somebody changes a setting.</summary>
/// <param name="Error">What is said to the user; it ends the run.</param>
/// <param name="Reason">What is wrong, as part of a sentence.</param>
/// <param name="IsTransient">True if the fault is known to pass by itself at times, so that it counts only when it lasts.</param>
internal sealed record ConnectionFault(FaceGenException Error, string Reason, bool IsTransient)
{
    /// <summary>Finds out whether a call that was not sent failed for such a fault; null if not.</summary>
    /// <param name="exception">Why the call failed.</param>
    /// <param name="service">The service's address.</param>
    /// <param name="proxy">The proxy that was given, if one was.</param>
    internal static ConnectionFault? FindIn(Exception exception, Uri service, Uri? proxy)
    {
        for (Exception? e = exception; e is not null; e = e.InnerException)
        {
            if (e is AuthenticationException or WebException { Status: WebExceptionStatus.TrustFailure or WebExceptionStatus.SecureChannelFailure })
                return CreateUntrustedCertificate(service, e);
            if (e is HttpRequestException or WebException && e.Message.Contains("407")) return CreateProxyAuthentication(service, proxy, e);
        }

        return null;
    }

    /// <summary>Gets the fault of a proxy that asks for credentials.</summary>
    internal static ConnectionFault CreateProxyAuthentication(Uri service, Uri? proxy, Exception? cause = null)
    {
        // A user and a password that the address holds are left out.
        string name = (proxy ?? HttpHandlers.GetSystemProxy(service)) is not { } known ? "the proxy of this machine's settings"
            : $"the proxy {known.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped)}{(proxy is null ? " of this machine's settings (such as HTTPS_PROXY)" : "")}";
        return Create(service, $"{name} asks for a name and a password (HTTP 407)",
            "Give them with Connect-FaceGen -ProxyCredential, or use -ProxyUseDefaultCredentials.", cause, isTransient: true);
    }

    private static ConnectionFault CreateUntrustedCertificate(Uri service, Exception cause) => Create(service,
        $"the certificate of the server, or of a proxy that inspects TLS, is not trusted ({DisplayText.Clean(cause.Message).TrimEnd('.')})",
        "Install the root certificate of that proxy or server on this machine, or correct this machine's clock; with Connect-FaceGen -SkipCertificateCheck any certificate is accepted, and a program in between can read the key.", cause, isTransient: false);

    private static ConnectionFault Create(Uri service, string reason, string remedy, Exception? cause, bool isTransient) => new(
        new FaceGenException(ErrorCode.ServiceUnreachable,
            $"{service.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped)} could not be reached: {reason}. Nothing was sent. {remedy}", cause) { IsFatal = true },
        reason, isTransient);
}
