using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace FaceGen.Emulator.Http.Replies;

/// <summary>Answers a request for a file, or for one range of it, under a strong entity tag.</summary>
internal static class PartialContent
{
    internal static RawResponse Create(HttpRequest request, byte[] file, string mediaType)
    {
        var tag = new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(file))}\"");
        RawResponse reply = GetValidRange(request, tag) switch
        {
            null => new RawResponse(StatusCodes.Status200OK, mediaType, file),
            { } range when GetBounds(range, file.Length) is (int from, int to) =>
                new RawResponse(StatusCodes.Status206PartialContent, mediaType, file.AsMemory(from..(to + 1)))
                    .WithHeader(HeaderNames.ContentRange, new ContentRangeHeaderValue(from, to, file.Length).ToString()),
            _ => RawResponse.Empty(StatusCodes.Status416RangeNotSatisfiable)
                .WithHeader(HeaderNames.ContentRange, new ContentRangeHeaderValue(file.Length).ToString()),
        };
        return reply.WithHeader(HeaderNames.AcceptRanges, "bytes").WithHeader(HeaderNames.ETag, tag.ToString());
    }

    /// <summary>Where the one range of bytes begins that a request asks for; null where it asks for none.</summary>
    internal static long? GetRangeStart(HttpRequest request) => GetSingleRange(request)?.From;

    /// <summary>Asked for more than one range, or for a range of what the file no longer is, all of it is sent.</summary>
    private static RangeItemHeaderValue? GetValidRange(HttpRequest request, EntityTagHeaderValue tag)
    {
        RangeConditionHeaderValue? condition = request.GetTypedHeaders().IfRange;
        bool isSame = condition is null || condition.EntityTag?.Compare(tag, useStrongComparison: true) == true;
        return isSame ? GetSingleRange(request) : null;
    }

    private static RangeItemHeaderValue? GetSingleRange(HttpRequest request) =>
        request.GetTypedHeaders().Range is { Ranges: { Count: 1 } ranges } range
        && range.Unit.Equals("bytes", StringComparison.OrdinalIgnoreCase)
            ? ranges.First()
            : null;

    /// <returns>The first and the last byte; null where the file has none of those asked for.</returns>
    private static (int From, int To)? GetBounds(RangeItemHeaderValue range, int length)
    {
        long from = range.From ?? Math.Max(0, length - range.To!.Value);
        long to = range.From is null ? length - 1 : Math.Min(range.To ?? long.MaxValue, length - 1);
        return from < length && from <= to ? ((int)from, (int)to) : null;
    }
}
