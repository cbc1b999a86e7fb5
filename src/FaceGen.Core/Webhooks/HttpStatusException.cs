namespace FaceGen.Webhooks;

/// <summary>A call that is refused.</summary>
/// <param name="status">The status of HTTP that says why.</param>
internal sealed class HttpStatusException(int status) : Exception($"The call was refused ({status}).")
{
    internal int Status => status;
}
