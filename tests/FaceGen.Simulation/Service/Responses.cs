using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace FaceGen.Simulation.Service;

/// <summary>Creates responses as the service has been seen to give them.</summary>
internal static class Responses
{
    internal static HttpResponseMessage Json(string json, int status = 200) => Bytes(Encoding.UTF8.GetBytes(json), "application/json", status);

    internal static HttpResponseMessage Error(string message, int status = 200) => Json($$"""{"status":"error","message":"{{message}}"}""", status);

    internal static HttpResponseMessage Html(int status) => Bytes("<html><body>Sorry</body></html>"u8.ToArray(), "text/html", status);

    internal static HttpResponseMessage QueueFull(int limit) => Json(string.Create(CultureInfo.InvariantCulture,
        $$"""{"status":"error","message":"Rate limit exceeded. Maximum {{limit}} queued requests allowed.","retry_after":30}"""), 429);

    internal static HttpResponseMessage Redirect()
    {
        HttpResponseMessage response = Html(302);
        response.Headers.Location = new Uri("https://elsewhere.example/");
        return response;
    }

    internal static HttpResponseMessage Processing(SimulatedGeneration generation, string id) => Json(
        $$$"""{"status":"processing","id":{{{id}}},"eta":{{{generation.Seconds}}},"message":"Request processing","output":[],"future_links":[{{{Links(generation)}}}],"meta":{"seed":7}}""");

    internal static HttpResponseMessage Success(SimulatedGeneration generation) => Json(
        $$$"""{"status":"success","generationTime":{{{generation.Seconds}}},"id":{{{generation.Id}}},"output":[{{{Links(generation)}}}],"meta":{"seed":7}}""");

    internal static HttpResponseMessage Bytes(byte[] body, string mediaType, int status = 200, int? announced = null)
    {
        var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue(mediaType);
        if (announced is { } length) content.Headers.ContentLength = length;
        return new HttpResponseMessage((HttpStatusCode)status) { Content = content };
    }

    internal static string Links(SimulatedGeneration generation) => string.Join(",", Enumerable.Range(0, generation.Images).Select(index => $"\"{generation.Link(index)}\""));
}
