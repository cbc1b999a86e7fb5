using System.Buffers.Binary;
using System.Globalization;
using System.IO.Hashing;
using System.Text;
using FaceGen.Benchmarks.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace FaceGen.Benchmarks.Workers;

/// <summary>
/// A service whose images are finished at once and cost it nothing: a few prepared images, made a distinct file per
/// link by a text chunk with its number. Its links name another host than its own, as the real service's do.
/// </summary>
internal static class ImageService
{
    internal const int ImageBytes = 500_000;

    private const int Width = 512;
    private const int Height = 768;
    private const int Variants = 4;

    /// <summary>The length of the signature and the first chunk, IHDR.</summary>
    private const int HeadBytes = 8 + 25;

    internal static async Task RunAsync()
    {
        byte[][] images = [.. Enumerable.Range(0, Variants).Select(seed => TestImages.Png(Width, Height, ImageBytes, seed))];
        int lastId = 0;
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddRoutingCore();
        await using WebApplication app = builder.Build();
        app.UseRouting();
        app.MapPost("/api/v6/image_editing/face_gen", async http =>
        {
            int id = Interlocked.Increment(ref lastId);
            http.Response.ContentType = "application/json";
            await http.Response.WriteAsync(string.Create(CultureInfo.InvariantCulture,
                $$"""{"status":"success","id":{{id}},"generationTime":0,"output":["http://localhost:{{http.Request.Host.Port}}/{{id}}.png"]}"""));
        });
        app.MapGet("/{id:int}.png", async http =>
        {
            int id = int.Parse((string)http.Request.RouteValues["id"]!, CultureInfo.InvariantCulture);
            byte[] image = images[id % Variants];
            byte[] text = TextChunk(id);
            http.Response.ContentType = "image/png";
            http.Response.ContentLength = image.Length + text.Length;
            await http.Response.Body.WriteAsync(image.AsMemory(0, HeadBytes));
            await http.Response.Body.WriteAsync(text);
            await http.Response.Body.WriteAsync(image.AsMemory(HeadBytes));
        });
        await app.StartAsync();
        Console.Out.WriteLine(app.Urls.Single());
        await Console.OpenStandardInput().CopyToAsync(Stream.Null);
    }

    private static byte[] TextChunk(int id)
    {
        byte[] data = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"tEXtComment\0image {id}"));
        byte[] chunk = new byte[4 + data.Length + 4];
        BinaryPrimitives.WriteInt32BigEndian(chunk, data.Length - 4);
        data.CopyTo(chunk.AsSpan(4));
        BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(4 + data.Length), Crc32.HashToUInt32(data));
        return chunk;
    }
}
