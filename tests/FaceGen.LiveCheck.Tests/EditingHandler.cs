using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace FaceGen.LiveCheck.Tests;

/// <summary>Makes a service deviate: answers a request itself, or edits the response of the service.</summary>
internal sealed class EditingHandler(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    /// <summary>Gets the response to a body; null sends the request to the service.</summary>
    internal Func<JsonObject, HttpResponseMessage?> OnRequest { get; init; } = _ => null;

    /// <summary>Edits a JSON response, by the path and the body of its request.</summary>
    internal Action<string, JsonObject, JsonObject> OnResponse { get; init; } = (_, _, _) => { };

    internal static HttpResponseMessage CreateResponse(HttpStatusCode status, JsonObject body) =>
        new(status) { Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json") };

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (request.Content is null) return await base.SendAsync(request, cancellationToken);

        // The content can be read once: a copy is sent.
        byte[] bytes = await request.Content.ReadAsByteArrayAsync(CancellationToken.None);
        JsonObject body = JsonNode.Parse(bytes)!.AsObject();
        if (OnRequest(body) is { } instead) return instead;

        request.Content = new ByteArrayContent(bytes);
        HttpResponseMessage response = await base.SendAsync(request, cancellationToken);
        if (response.Content.Headers.ContentType?.MediaType != "application/json") return response;

        JsonObject json = JsonNode.Parse(await response.Content.ReadAsStringAsync(cancellationToken))!.AsObject();
        OnResponse(request.RequestUri!.AbsolutePath, body, json);
        return CreateResponse(response.StatusCode, json);
    }
}
