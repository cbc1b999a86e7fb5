using System.Text.Json;

namespace FaceGen.Benchmarks.Peers;

/// <summary>The two calls that every client of the service makes, with nothing around them.</summary>
internal sealed class ServiceCalls : IDisposable
{
    /// <summary>The face of every request, also of FaceGen's: a link, which is neither sent nor read as an image.</summary>
    internal const string Face = "https://example.com/face.png";

    private const string Key = "emulator-key";

    private readonly HttpClient _http;

    internal ServiceCalls(Uri service) => _http = new HttpClient { BaseAddress = service };

    /// <summary>Submits a request.</summary>
    /// <returns>The id to ask for; null where the picture is there already.</returns>
    internal async Task<long?> SubmitAsync(string prompt)
    {
        JsonElement answer = await PostAsync("api/v6/image_editing/face_gen", new { key = Key, prompt, face_image = Face });
        return IsDone(answer) ? null : answer.GetProperty("id").GetInt64();
    }

    /// <summary>Looks whether a picture is there.</summary>
    internal async Task<bool> FetchAsync(long id) =>
        IsDone(await PostAsync(FormattableString.Invariant($"api/v6/image_editing/fetch/{id}"), new { key = Key }));

    public void Dispose() => _http.Dispose();

    private static bool IsDone(JsonElement answer) => answer.GetProperty("status").GetString() switch
    {
        "success" => true,
        "processing" => false,
        _ => throw new HttpRequestException(answer.ToString()),
    };

    private async Task<JsonElement> PostAsync<T>(string path, T body)
    {
        // One block with its length, the quickest way there is: JsonContent would send it in chunks.
        using var content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(body));
        using HttpResponseMessage response = await _http.PostAsync(new Uri(path, UriKind.Relative), content);
        using JsonDocument answer = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync());
        return answer.RootElement.Clone();
    }
}
