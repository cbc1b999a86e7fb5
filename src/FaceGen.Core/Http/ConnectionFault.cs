using System.Net;
using System.Security.Authentication;
using FaceGen.Contract;

namespace FaceGen.Http;

/// <summary>Represents a fault that prevents connections until a setting is changed.</summary>
/// <param name="Error">The error for the user; it ends the run.</param>
/// <param name="Reason">The reason, as part of a sentence.</param>
/// <param name="IsTransient">True if the fault can pass by itself, so that it ends the run only if it repeats.</param>
internal sealed record ConnectionFault(FaceGenException Error, string Reason, bool IsTransient)
{
    /// <summary>Returns the connection fault that an exception reports; null if it reports none.</summary>
    /// <param name="exception">The exception of a request that was not sent.</param>
    /// <param name="service">The service's address.</param>
    /// <param name="proxy">The proxy that was specified, if any.</param>
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

    /// <summary>Creates the fault of a proxy that requires credentials.</summary>
    internal static ConnectionFault CreateProxyAuthentication(Uri service, Uri? proxy, Exception? cause = null)
    {
        // SchemeAndServer omits a user and a password in the address.
        string name = (proxy ?? HttpHandlers.GetSystemProxy(service)) is not { } known ? "the proxy in this machine's settings"
            : $"the proxy {known.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped)}{(proxy is null ? " in this machine's settings (such as HTTPS_PROXY)" : "")}";
        return Create(service, $"{name} requires a user name and a password (HTTP 407)",
            "Use Connect-FaceGen -ProxyCredential or -ProxyUseDefaultCredentials.", cause, isTransient: true);
    }

    private static ConnectionFault CreateUntrustedCertificate(Uri service, Exception cause) => Create(service,
        $"the certificate of the server, or of a proxy that inspects TLS, is not trusted ({DisplayText.Clean(cause.Message).TrimEnd('.')})",
        "Install the root certificate of that proxy or server on this machine, or correct this machine's clock. Connect-FaceGen -SkipCertificateCheck accepts any certificate, but a program in between can then read the key.", cause, isTransient: false);

    private static ConnectionFault Create(Uri service, string reason, string remedy, Exception? cause, bool isTransient) => new(
        new FaceGenException(ErrorCode.ServiceUnreachable,
            $"{service.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped)} could not be reached: {reason}. Nothing was sent. {remedy}", cause) { IsFatal = true },
        reason, isTransient);
}
