namespace FaceGen.Batches.Ledgers;

/// <summary>
/// Removes the signature from a presigned link. A store signs the same image again for each export, so the signature does not
/// identify the image.
/// </summary>
internal static class SignedLink
{
    /// <summary>
    /// The kinds of signatures. A kind applies only if each of its <see cref="Kind.Required"/> parameters is in the link: a
    /// parameter such as <c>Expires</c> alone may mean something else, and stays.
    /// </summary>
    private static readonly Kind[] SignatureKinds =
    [
        // Amazon S3 and stores with its API (R2, MinIO, Spaces, Wasabi), version 4; then version 2.
        new(["X-Amz-Signature"], ["X-Amz-*"]),
        new(["Signature", "AWSAccessKeyId"], ["Expires", "x-amz-security-token"]),
        // Amazon CloudFront, with and without a policy of its own.
        new(["Signature", "Key-Pair-Id"], ["Expires", "Policy", "Hash-Algorithm"]),
        // Google Cloud Storage, version 4 and version 2; Google Cloud CDN.
        new(["X-Goog-Signature"], ["X-Goog-*"]),
        new(["Signature", "GoogleAccessId"], ["Expires"]),
        new(["Signature", "KeyName"], ["Expires", "URLPrefix"]),
        // Azure shared access signatures, of a service, an account or a user delegation.
        new(["sig", "sv"],
            ["st", "se", "sp", "sr", "ss", "srt", "si", "sip", "spr", "ses", "sdd", "skoid", "sktid", "skt", "ske", "sks", "skv", "saoid", "suoid", "scid", "sduoid", "skdutid"]),
        // Alibaba Cloud OSS, version 1 and version 4. (x-oss-process changes the image and stays.)
        new(["Signature", "OSSAccessKeyId"], ["Expires", "security-token"]),
        new(["x-oss-signature"],
            ["x-oss-signature-version", "x-oss-credential", "x-oss-date", "x-oss-expires", "x-oss-security-token", "x-oss-additional-headers"]),
        // Tencent Cloud COS.
        new(["q-signature"],
            ["q-sign-algorithm", "q-ak", "q-sign-time", "q-key-time", "q-header-list", "q-url-param-list", "x-cos-security-token"]),
        // Huawei Cloud OBS.
        new(["Signature", "AccessKeyId"], ["Expires", "x-obs-security-token"]),
        new(["X-Obs-Signature"], ["X-Obs-Algorithm", "X-Obs-Credential", "X-Obs-Date", "X-Obs-Expires", "X-Obs-SignedHeaders", "x-obs-security-token"]),
        // Volcano Engine TOS.
        new(["X-Tos-Signature"],
            ["X-Tos-Algorithm", "X-Tos-Credential", "X-Tos-Date", "X-Tos-Expires", "X-Tos-SignedHeaders", "X-Tos-SignedQueries", "X-Tos-Security-Token", "X-Tos-Policy"]),
        // Cloudflare Images; Discord's attachments.
        new(["sig", "exp"], []),
        new(["hm", "ex", "is"], []),
    ];

    /// <summary>Returns a link without its signature; unchanged if it has no known signature.</summary>
    internal static string WithoutSignature(Uri link)
    {
        string text = link.AbsoluteUri;
        string query = link.Query;
        if (query.Length < 2) return text;

        string[] parameters = query.Substring(1).Split('&');
        string[] names = [.. parameters.Select(parameter => parameter.Split('=')[0])];
        Kind[] found = [.. SignatureKinds.Where(kind => kind.Required.All(required => names.Contains(required, StringComparer.OrdinalIgnoreCase)))];
        if (found.Length == 0) return text;

        string remaining = string.Join("&", parameters.Where((_, index) => !found.Any(kind => kind.Matches(names[index]))));
        return link.GetLeftPart(UriPartial.Path) + (remaining.Length == 0 ? "" : $"?{remaining}") + link.Fragment;
    }

    private sealed record Kind(string[] Required, string[] Others)
    {
        internal bool Matches(string name) => Required.Concat(Others).Any(own => own[^1] == '*'
            ? name.StartsWith(own.Substring(0, own.Length - 1), StringComparison.OrdinalIgnoreCase)
            : name.Equals(own, StringComparison.OrdinalIgnoreCase));
    }
}
