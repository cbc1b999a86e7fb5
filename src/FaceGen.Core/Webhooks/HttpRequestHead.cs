namespace FaceGen.Webhooks;

/// <summary>What comes before a request's body.</summary>
/// <param name="Method">The method, such as POST.</param>
/// <param name="Target">The path with what follows it.</param>
/// <param name="Headers">The headers; of those of one name, the last.</param>
internal sealed record HttpRequestHead(string Method, string Target, IReadOnlyDictionary<string, string> Headers)
{
    /// <summary>The last part of the path: a proxy may have put others before it, or taken them away.</summary>
    internal string LastSegment
    {
        get
        {
            string path = Target.Split('?')[0];
            return path.Substring(path.LastIndexOf('/') + 1);
        }
    }
}
