using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using FaceGen.Contract;
using FaceGen.Generating;
using FaceGen.Http;

namespace FaceGen.Saving;

/// <summary>Saves the images of generations as files.</summary>
/// <param name="connection">The connection that downloads the images of generations that bring none; null where each brings its own.</param>
/// <param name="options">Where and how.</param>
/// <param name="listener">Is told what is waited for.</param>
/// <param name="write">
/// Carries each write out, and again where it fails for want of room: what was downloaded is not fetched again for that.
/// Null to write once.
/// </param>
internal sealed class ImageSaver(
    Connection? connection, SaveOptions options, IListener? listener = null, Func<Action, CancellationToken, Task>? write = null)
{
    private static readonly ImageFormat[] Formats =
    [
        ImageFormat.Png, ImageFormat.Jpeg, ImageFormat.WebP, ImageFormat.Gif, ImageFormat.Avif, ImageFormat.Heif, ImageFormat.Bmp, ImageFormat.Tiff,
        ImageFormat.JpegXl,
    ];

    private readonly FileStorage _files = (connection?.Services ?? EngineServices.System).Files;
    private readonly RepeatedImages _repeated = new();

    /// <summary>What images were received in, for the next ones: such large arrays are dear to get and to clear away.</summary>
    private readonly ConcurrentBag<MemoryStream> _buffers = [];

    /// <summary>The largest of these arrays that is kept, in bytes: any image of the service fits in it.</summary>
    private const int MaxKeptBuffer = 8 * 1024 * 1024;

    /// <summary>The names that this run has given: no file of it replaces another, in no file system.</summary>
    private readonly Dictionary<string, (string? Account, string Id, int Index)> _taken = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Saves one image; it is settled as soon as it stands in its file.</summary>
    /// <exception cref="FaceGenException">There is no image to be had, or it cannot be written.</exception>
    internal async Task<SavedImage> SaveAsync(Generation generation, int index, CancellationToken cancel)
    {
        string path = Path.Combine(options.Folder, options.Name.Expand(generation, index));
        // Without these two a file that is there is never written over.
        if (options.Force || options.SkipExisting) TakeName(path, (generation.Account, generation.Id, index));
        if (index == 0 && generation.UnusedImages > 0) listener?.Warn(UnusedImagesWarning(generation));
        SavedImage saved;
        if (options.SkipExisting && Existing(_files, path) is { } existing)
        {
            saved = DescribeExisting(existing, generation, index);
            AccountOf(generation).MarkSaved(generation.Id, index);
        }
        else
        {
            saved = await FetchAsync(path, generation, index, cancel).ConfigureAwait(false);
        }

        if (options.Sidecar) await WriteAsync(() => WriteSidecar(saved), cancel).ConfigureAwait(false);
        return saved;
    }

    private static string UnusedImagesWarning(Generation generation)
    {
        int images = generation.Images.Count;
        return $"The service sent {images + generation.UnusedImages} or more images for generation {generation.Id}. Only the first {(images == 1 ? "is" : $"{images} are")} saved, because no more were asked for: -Samples asks for up to {Limits.MaxSamples}.";
    }

    /// <summary>
    /// The files of a generation's images, where all of them are there already, complete, and written since its request was
    /// sent; else null.
    /// </summary>
    internal IReadOnlyList<SavedImage>? FindExisting(Generation generation)
    {
        string?[] paths = [.. Enumerable.Range(0, generation.Images.Count)
            .Select(index => Existing(_files, Path.Combine(options.Folder, options.Name.Expand(generation, index))))];
        try
        {
            return paths.Any(path => path is null || WrittenAt(_files, path) < generation.CreatedAt) ? null : [.. paths.Select((path, index) => DescribeExisting(path!, generation, index))];
        }
        catch (FaceGenException e) when (e.Code is ErrorCode.ImageInvalid or ErrorCode.FileExists)
        {
            // Something by that name that is no image settles nothing.
            return null;
        }
    }

    private Connection ConnectionOf(Generation generation) => generation.Connection ?? connection
        ?? throw new InvalidOperationException($"Generation {generation.Id} has no connection.");

    private Account AccountOf(Generation generation) => Account.Of(ConnectionOf(generation));

    private async Task<SavedImage> FetchAsync(string path, Generation generation, int index, CancellationToken cancel)
    {
        if (!_buffers.TryTake(out MemoryStream? buffer)) buffer = new MemoryStream();
        try
        {
            CheckedImage image = await Expiry.ImageAsync(
                ConnectionOf(generation), generation, index, buffer, options.Timeout, cancel, listener).ConfigureAwait(false);
            SavedImage saved = Describe(path + image.Info.Format.Extension(), image, generation, index);
            IReadOnlyList<ArraySegment<byte>> file = FileOf(saved, image.Bytes);
            if (file.Count > 1) saved = saved with { Length = file.Sum(part => part.Count), Sha256 = Sha256Of(file) };
            await SettleAsync(generation, index, () => saved = WritePicture(saved, image.Bytes, file), cancel).ConfigureAwait(false);
            if (saved.Incomplete) listener?.Warn($"Image {index + 1} of generation {generation.Id} came without the end marker of its format ({saved.Format.DisplayName()}). All of its pixels are there: it is saved as '{saved.FullName}' and marked Incomplete. Where a program refuses the file, save it anew with a tool that repairs such files.");
            return saved;
        }
        finally
        {
            if (buffer.Capacity <= MaxKeptBuffer) _buffers.Add(buffer);
        }
    }

    /// <summary>
    /// Has an image stand in its file. Once that has begun a stop does not cut it off: whoever asks what is open waits for it.
    /// </summary>
    private async Task SettleAsync(Generation generation, int index, Action writeFile, CancellationToken cancel)
    {
        var written = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        // Where there may be no room for a file for long, nobody waits for it.
        if (write is null) _ = AccountOf(generation).Keep(written.Task);
        try
        {
            cancel.ThrowIfCancellationRequested();
            await WriteAsync(writeFile, cancel).ConfigureAwait(false);
            AccountOf(generation).MarkSaved(generation.Id, index);
        }
        finally
        {
            written.TrySetResult(true);
        }
    }

    private Task WriteAsync(Action action, CancellationToken cancel)
    {
        if (options.FolderMustExist) action = RequireFolder + action;
        if (write is not null) return write(action, cancel);

        action();
        return Task.CompletedTask;
    }

    private void RequireFolder()
    {
        if (_files.FolderExists(options.Folder)) return;

        string message = $"The folder '{options.Folder}' is gone.";
        throw new FaceGenException(ErrorCode.FileNotWritten, message, new DirectoryNotFoundException(message));
    }

    /// <summary>The parts of the file that an image becomes.</summary>
    private IReadOnlyList<ArraySegment<byte>> FileOf(SavedImage image, ArraySegment<byte> bytes)
    {
        if (!options.EmbedMetadata) return [bytes];
        if (image.Format == ImageFormat.Png) return PngText.Embed(bytes, Provenance.Texts(image.Generation, image.Index));

        listener?.Tell($"'{image.FullName}' is a {image.Format.DisplayName()} file and tells nothing of how it was made: only PNG files do. A sidecar tells it of any file.");
        return [bytes];
    }

    /// <summary>Writes the picture, unless it is there and that will do; what then stands in the file.</summary>
    private SavedImage WritePicture(SavedImage image, ArraySegment<byte> picture, IReadOnlyList<ArraySegment<byte>> file)
    {
        try
        {
            // The picture comes first: it was paid for. But a sidecar that could not follow it is known before.
            string sidecar = image.FullName + Sidecar.Extension;
            if (options.Sidecar && !options.Force && _files.Exists(sidecar)) throw AtomicFile.Exists(sidecar);
            AtomicFile.Write(_files, image.FullName, file, options.Force);
            return image;
        }
        catch (FaceGenException e) when (e.Code == ErrorCode.FileExists && options.AcceptSame)
        {
            if (FindSame(image, picture) is { } same) return same;
            throw;
        }
    }

    private void WriteSidecar(SavedImage image)
    {
        string sidecar = image.FullName + Sidecar.Extension;
        if (options.Force || !_files.Exists(sidecar)) AtomicFile.Write(_files, sidecar, Sidecar.Write(image), options.Force);
    }

    private void TakeName(string path, (string? Account, string Id, int Index) image)
    {
        lock (_taken)
        {
            // The same image may be saved once more, where it could not be written at first.
            if (!_taken.TryGetValue(path, out (string? Account, string Id, int Index) owner)) _taken.Add(path, owner = image);
            if (owner == image) return;
        }

        throw new FaceGenException(ErrorCode.FileExists,
            $"Another image of this run has the name '{path}' already. Put {{id}} and {{index}} into -Name; nothing is lost.");
    }

    /// <summary>
    /// The image in the file that is there, if it is this one: what is told of it there may differ, since an answer that came
    /// again need not say all that the first one said.
    /// </summary>
    private SavedImage? FindSame(SavedImage image, ArraySegment<byte> picture)
    {
        if (!_files.Exists(image.FullName)) return null;

        var there = new ArraySegment<byte>(ReadExisting(image.FullName));
        return Sha256Of(PngText.Strip(there)) == Sha256Of([picture])
            ? image with { Length = there.Count, Sha256 = Sha256Of([there]) }
            : null;
    }

    private static string Sha256Of(IEnumerable<ArraySegment<byte>> bytes)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (ArraySegment<byte> part in bytes) hash.AppendData(part.Array!, part.Offset, part.Count);
        return string.Concat(hash.GetHashAndReset().Select(b => b.ToString("x2", CultureInfo.InvariantCulture)));
    }

    /// <summary>The file of a picture that is there already, whatever its format; null where there is none.</summary>
    /// <param name="files">Performs the file operations.</param>
    /// <param name="path">Its path without the extension.</param>
    internal static string? Existing(FileStorage files, string path) =>
        Formats.Select(format => path + format.Extension()).FirstOrDefault(files.Exists);

    /// <summary>Returns when a file was written; a time before any submission where the system does not say.</summary>
    internal static DateTimeOffset WrittenAt(FileStorage files, string path)
    {
        try
        {
            return files.LastWriteTimeUtc(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return DateTimeOffset.FromUnixTimeMilliseconds(0);
        }
    }

    /// <summary>Reads a file that counts as saved from here on.</summary>
    private byte[] ReadExisting(string path)
    {
        try
        {
            // The process that named it may have ended before the name was on the disk.
            _files.FlushFolder(Path.GetDirectoryName(path)!);
        }
        catch (IOException e)
        {
            throw new FaceGenException(ErrorCode.FileNotWritten, $"'{path}' is there, and its name could not be written to the disk: {e.Message}", e);
        }

        try
        {
            return _files.Read(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FaceGenException(ErrorCode.FileExists, $"'{path}' is there already and cannot be read: {e.Message}", e);
        }
    }

    private SavedImage DescribeExisting(string path, Generation generation, int index)
    {
        byte[] bytes = ReadExisting(path);
        ImageInfo info = ImageInfo.CheckPixels(bytes)
            ?? throw new FaceGenException(ErrorCode.ImageInvalid, $"'{path}' is there already and is no complete image. -Force replaces it.");
        var whole = new ArraySegment<byte>(bytes);
        return Describe(path, new CheckedImage(whole, info), generation, index, Sha256Of(PngText.Strip(whole)));
    }

    /// <summary>Says what an image is.</summary>
    /// <param name="path">Its file.</param>
    /// <param name="image">What is in the file.</param>
    /// <param name="generation">Its generation.</param>
    /// <param name="index">Which of the generation's images it is, from 0.</param>
    /// <param name="received">The sum of what the service gave, where the file tells more.</param>
    private SavedImage Describe(string path, CheckedImage image, Generation generation, int index, string? received = null)
    {
        (ArraySegment<byte> bytes, ImageInfo info) = image;
        string sha256 = Sha256Of([bytes]);
        return new SavedImage
        {
            FullName = path,
            Length = bytes.Count,
            Sha256 = sha256,
            Format = info.Format,
            Width = info.Width,
            Height = info.Height,
            Filtered = BlankImage.IsBlank(bytes, info) || _repeated.Knows(received ?? sha256, generation),
            Incomplete = !info.IsComplete,
            Index = index + 1,
            Generation = generation,
        };
    }
}
