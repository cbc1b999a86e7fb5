using FaceGen.Http;

namespace FaceGen.Saving;

/// <summary>Which of the links that an answer names are followed.</summary>
internal static class LinkPolicy
{
    /// <summary>Https always; http only where the connection itself is.</summary>
    internal static bool Allows(Connection connection, Uri link) =>
        link.Scheme == Uri.UriSchemeHttps
        || (link.Scheme == Uri.UriSchemeHttp && connection.BaseUri.Scheme == Uri.UriSchemeHttp);
}
