using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using FaceGen.Contract;
using FaceGen.Generating;
using FaceGen.Http;

namespace FaceGen.Saving;

/// <summary>Saves the images of generations as files.</summary>
/// <param name="connection">The connection that downloads them.</param>
/// <param name="options">Where and how.</param>
/// <param name="listener">Is told what is waited for.</param>
/// <param name="write">
/// Carries each write out, and again where it fails for want of room: what was downloaded is not fetched again for that.
/// Null to write once.
/// </param>
internal sealed class ImageSaver(
    Connection connection, SaveOptions options, IListener? listener = null, Func<Action, CancellationToken, Task>? write = null)
{
    private static readonly ImageFormat[] Formats = [ImageFormat.Png, ImageFormat.Jpeg, ImageFormat.WebP];

    private readonly RepeatedImages _repeated = new();

    /// <summary>What images were received in, for the next ones: such large arrays are dear to get and to clear away.</summary>
    private readonly ConcurrentBag<MemoryStream> _buffers = [];

    /// <summary>The names that this run has given: no file of it replaces another, in no file system.</summary>
    private readonly Dictionary<string, (string Id, int Index)> _taken = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Saves one image; it is settled as soon as it stands in its file.</summary>
    /// <exception cref="FaceGenException">There is no image to be had, or it cannot be written.</exception>
    internal async Task<SavedImage> SaveAsync(Generation generation, int index, CancellationToken cancel)
    {
        string path = Path.Combine(options.Folder, options.Name.Expand(generation, index));
        // Without these two a file that is there is never written over.
        if (options.Force || options.SkipExisting) TakeName(path, (generation.Id, index));
        SavedImage saved;
        if (options.SkipExisting && Existing(path) is { } existing)
        {
            saved = DescribeExisting(existing, generation, index);
        }
        else
        {
            saved = await FetchAsync(path, generation, index, cancel).ConfigureAwait(false);
        }

        Account.Of(connection).MarkSaved(generation.Id, index);
        if (options.Sidecar) await WriteAsync(() => WriteSidecar(saved), cancel).ConfigureAwait(false);
        return saved;
    }

    /// <summary>
    /// The files of a generation's images, where all of them are there already, complete, and written since its request was
    /// sent; else null.
    /// </summary>
    internal IReadOnlyList<SavedImage>? FindExisting(Generation generation)
    {
        string?[] paths = [.. Enumerable.Range(0, generation.Images.Count)
            .Select(index => Existing(Path.Combine(options.Folder, options.Name.Expand(generation, index))))];
        try
        {
            return paths.Any(path => path is null || File.GetLastWriteTimeUtc(path) < generation.CreatedAt) ? null : [.. paths.Select((path, index) => DescribeExisting(path!, generation, index))];
        }
        catch (FaceGenException e) when (e.Code is ErrorCode.ImageInvalid or ErrorCode.FileExists)
        {
            // Something by that name that is no image settles nothing.
            return null;
        }
    }

    private async Task<SavedImage> FetchAsync(string path, Generation generation, int index, CancellationToken cancel)
    {
        if (!_buffers.TryTake(out MemoryStream? buffer)) buffer = new MemoryStream();
        try
        {
            CheckedImage image = await Download.ImageAsync(
                connection, generation, index, buffer, options.Timeout, cancel, listener).ConfigureAwait(false);
            SavedImage saved = Describe(path + image.Info.Format.Extension(), image, generation, index);
            await WriteAsync(() => WritePicture(saved, image.Bytes), cancel).ConfigureAwait(false);
            return saved;
        }
        finally
        {
            _buffers.Add(buffer);
        }
    }

    private Task WriteAsync(Action action, CancellationToken cancel)
    {
        if (write is not null) return write(action, cancel);

        action();
        return Task.CompletedTask;
    }

    private void WritePicture(SavedImage image, ArraySegment<byte> bytes)
    {
        if (options.AcceptSame && IsThere(image)) return;

        // The picture comes first: it was paid for. But a sidecar that could not follow it is known before.
        string sidecar = image.FullName + Sidecar.Extension;
        if (options.Sidecar && !options.Force && File.Exists(sidecar)) throw AtomicFile.Exists(sidecar);
        AtomicFile.Write(image.FullName, bytes, options.Force);
    }

    private void WriteSidecar(SavedImage image)
    {
        string sidecar = image.FullName + Sidecar.Extension;
        if (options.Force || !File.Exists(sidecar)) AtomicFile.Write(sidecar, Sidecar.Write(image), options.Force);
    }

    private void TakeName(string path, (string Id, int Index) image)
    {
        lock (_taken)
        {
            // The same image may be saved once more, where it could not be written at first.
            if (!_taken.TryGetValue(path, out (string Id, int Index) owner)) _taken.Add(path, owner = image);
            if (owner == image) return;
        }

        throw new FaceGenException(ErrorCode.FileExists,
            $"Another image of this run has the name '{path}' already. Put {{id}} and {{index}} into -Name; nothing is lost.");
    }

    private static bool IsThere(SavedImage image) =>
        new FileInfo(image.FullName) is { Exists: true } file && file.Length == image.Length
        && Sha256Of(new ArraySegment<byte>(ReadExisting(image.FullName))) == image.Sha256;

    private static string Sha256Of(ArraySegment<byte> bytes)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(bytes.Array!, bytes.Offset, bytes.Count);
        return string.Concat(hash.GetHashAndReset().Select(b => b.ToString("x2", CultureInfo.InvariantCulture)));
    }

    private static string? Existing(string path) =>
        Formats.Select(format => path + format.Extension()).FirstOrDefault(File.Exists);

    private static byte[] ReadExisting(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FaceGenException(ErrorCode.FileExists, $"'{path}' is there already and cannot be read: {e.Message}", e);
        }
    }

    private SavedImage DescribeExisting(string path, Generation generation, int index)
    {
        byte[] bytes = ReadExisting(path);
        ImageInfo info = ImageInfo.Check(bytes)
            ?? throw new FaceGenException(ErrorCode.ImageInvalid, $"'{path}' is there already and is no complete image. -Force replaces it.");
        return Describe(path, new CheckedImage(new ArraySegment<byte>(bytes), info), generation, index);
    }

    private SavedImage Describe(string path, CheckedImage image, Generation generation, int index)
    {
        (ArraySegment<byte> bytes, ImageInfo info) = image;
        string sha256 = Sha256Of(bytes);
        return new SavedImage
        {
            FullName = path,
            Length = bytes.Count,
            Sha256 = sha256,
            Format = info.Format,
            Width = info.Width,
            Height = info.Height,
            Filtered = BlankImage.IsBlank(bytes, info) || _repeated.Knows(sha256, generation),
            Index = index + 1,
            Generation = generation,
        };
    }
}
