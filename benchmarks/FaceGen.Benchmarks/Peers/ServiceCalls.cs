using System.Text.Json;

namespace FaceGen.Benchmarks.Peers;

/// <summary>The two calls that every client makes, without anything around them.</summary>
internal sealed class ServiceCalls : IDisposable
{
    /// <summary>The face of every request, also of FaceGen's: a link, which is neither sent nor decoded.</summary>
    internal const string Face = "https://example.com/face.png";

    private const string Key = "emulator-key";

    private readonly HttpClient _http;

    internal ServiceCalls(Uri service) => _http = new HttpClient { BaseAddress = service };

    /// <summary>Submits a request.</summary>
    /// <returns>The id to poll; null if the image is finished.</returns>
    internal async Task<long?> SubmitAsync(string prompt)
    {
        JsonElement body = await PostAsync("api/v6/image_editing/face_gen", new { key = Key, prompt, face_image = Face });
        return IsDone(body) ? null : body.GetProperty("id").GetInt64();
    }

    /// <summary>Fetches a generation and returns whether it is finished.</summary>
    internal async Task<bool> FetchAsync(long id) =>
        IsDone(await PostAsync(FormattableString.Invariant($"api/v6/image_editing/fetch/{id}"), new { key = Key }));

    public void Dispose() => _http.Dispose();

    private static bool IsDone(JsonElement body) => body.GetProperty("status").GetString() switch
    {
        "success" => true,
        "processing" => false,
        _ => throw new HttpRequestException(body.ToString()),
    };

    private async Task<JsonElement> PostAsync<T>(string path, T request)
    {
        // One block with its length is fastest: JsonContent would send chunks.
        using var content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(request));
        using HttpResponseMessage response = await _http.PostAsync(new Uri(path, UriKind.Relative), content);
        using JsonDocument body = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync());
        return body.RootElement.Clone();
    }
}
