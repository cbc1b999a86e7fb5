using FaceGen.ImageFormats;
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
/// <param name="log">Is told what is waited for.</param>
/// <param name="retryWrite">
/// Carries each write out, and again where it fails for want of room: what was downloaded is not fetched again for that.
/// Null to write once.
/// </param>
internal sealed class ImageSaver(
    Connection? connection, SaveOptions options, IEngineLog? log = null, Func<Action, CancellationToken, Task>? retryWrite = null)
{
    private static readonly ImageFormat[] Formats =
    [
        ImageFormat.Png, ImageFormat.Jpeg, ImageFormat.WebP, ImageFormat.Gif, ImageFormat.Avif, ImageFormat.Heif, ImageFormat.Bmp, ImageFormat.Tiff,
        ImageFormat.JpegXl,
    ];

    private readonly FileStorage _files = (connection?.Services ?? EngineServices.System).Files;
    private readonly RepeatedImages _repeatedImages = new();

    /// <summary>What images were received in, for the next ones: such large arrays are dear to get and to clear away.</summary>
    private readonly ConcurrentBag<MemoryStream> _buffers = [];

    /// <summary>The largest of these arrays that is kept, in bytes: any image of the service fits in it.</summary>
    private const int MaxReusedBuffer = 8 * 1024 * 1024;

    /// <summary>The names that this run has given: no file of it replaces another, in no file system.</summary>
    private readonly Dictionary<string, (string? Account, string Id, int Index)> _usedNames = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Saves one image; it is settled as soon as it stands in its file.</summary>
    /// <exception cref="FaceGenException">There is no image to be had, or it cannot be written.</exception>
    internal async Task<SavedImage> SaveAsync(Generation generation, int index, CancellationToken cancellationToken)
    {
        string path = Path.Combine(options.Folder, options.Name.Expand(generation, index));
        // Without these two a file that is there is never written over.
        if (options.Force || options.SkipExisting) ReserveName(path, (generation.Account, generation.Id, index));
        if (index == 0 && generation.UnusedImageCount > 0) log?.LogWarning(UnusedImagesWarning(generation));
        SavedImage saved;
        if (options.SkipExisting && FindExistingFile(_files, path) is { } existing)
        {
            saved = ReadExistingImage(existing, generation, index);
            GetAccount(generation).MarkSaved(generation.Id, index);
        }
        else
        {
            saved = await DownloadAsync(path, generation, index, cancellationToken).ConfigureAwait(false);
        }

        if (options.Sidecar) await WriteAsync(() => WriteSidecar(saved), cancellationToken).ConfigureAwait(false);
        return saved;
    }

    private static string UnusedImagesWarning(Generation generation)
    {
        int images = generation.Images.Count;
        return $"The service sent {images + generation.UnusedImageCount} or more images for generation {generation.Id}. Only the first {(images == 1 ? "is" : $"{images} are")} saved, because no more were asked for: -Samples asks for up to {Limits.MaxSamples}.";
    }

    /// <summary>
    /// The files of a generation's images, where all of them are there already, complete, and written since its request was
    /// sent; else null.
    /// </summary>
    internal IReadOnlyList<SavedImage>? FindExistingImages(Generation generation)
    {
        string?[] paths = [.. Enumerable.Range(0, generation.Images.Count)
            .Select(index => FindExistingFile(_files, Path.Combine(options.Folder, options.Name.Expand(generation, index))))];
        try
        {
            return paths.Any(path => path is null || GetLastWriteTime(_files, path) < generation.CreatedAt) ? null : [.. paths.Select((path, index) => ReadExistingImage(path!, generation, index))];
        }
        catch (FaceGenException e) when (e.Code is ErrorCode.ImageInvalid or ErrorCode.FileExists)
        {
            // Something by that name that is no image settles nothing.
            return null;
        }
    }

    private Connection GetConnection(Generation generation) => generation.Connection ?? connection
        ?? throw new InvalidOperationException($"Generation {generation.Id} has no connection.");

    private Account GetAccount(Generation generation) => Account.For(GetConnection(generation));

    private async Task<SavedImage> DownloadAsync(string path, Generation generation, int index, CancellationToken cancellationToken)
    {
        if (!_buffers.TryTake(out MemoryStream? buffer)) buffer = new MemoryStream();
        try
        {
            CheckedImage image = await ExpiryVerifier.DownloadAsync(
                GetConnection(generation), generation, index, buffer, options.Timeout, cancellationToken, log).ConfigureAwait(false);
            SavedImage saved = CreateSavedImage(path + image.Info.Format.GetExtension(), image, generation, index);
            IReadOnlyList<ArraySegment<byte>> file = CreateFileParts(saved, image.Bytes);
            if (file.Count > 1) saved = saved with { Length = file.Sum(part => part.Count), Sha256 = ComputeSha256(file) };
            await WriteUninterruptedAsync(generation, index, () => saved = WriteImage(saved, image.Bytes, file), cancellationToken).ConfigureAwait(false);
            if (saved.Incomplete) log?.LogWarning($"Image {index + 1} of generation {generation.Id} came without the end marker of its format ({saved.Format.GetDisplayName()}). All of its pixels are there: it is saved as '{saved.FullName}' and marked Incomplete. Where a program refuses the file, save it anew with a tool that repairs such files.");
            return saved;
        }
        finally
        {
            if (buffer.Capacity <= MaxReusedBuffer) _buffers.Add(buffer);
        }
    }

    /// <summary>
    /// Has an image stand in its file. Once that has begun a stop does not cut it off: whoever asks what is open waits for it.
    /// </summary>
    private async Task WriteUninterruptedAsync(Generation generation, int index, Action writeFile, CancellationToken cancellationToken)
    {
        var written = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        // Where there may be no room for a file for long, nobody waits for it.
        if (retryWrite is null) _ = GetAccount(generation).Track(written.Task);
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            await WriteAsync(writeFile, cancellationToken).ConfigureAwait(false);
            GetAccount(generation).MarkSaved(generation.Id, index);
        }
        finally
        {
            written.TrySetResult(true);
        }
    }

    private Task WriteAsync(Action action, CancellationToken cancellationToken)
    {
        if (options.FolderMustExist) action = RequireFolder + action;
        if (retryWrite is not null) return retryWrite(action, cancellationToken);

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
    private IReadOnlyList<ArraySegment<byte>> CreateFileParts(SavedImage image, ArraySegment<byte> bytes)
    {
        if (!options.EmbedMetadata) return [bytes];
        if (image.Format == ImageFormat.Png) return PngText.Embed(bytes, Provenance.GetTexts(image.Generation, image.Index));

        log?.LogVerbose($"'{image.FullName}' is a {image.Format.GetDisplayName()} file and tells nothing of how it was made: only PNG files do. A sidecar tells it of any file.");
        return [bytes];
    }

    /// <summary>Writes the picture, unless it is there and that will do; what then stands in the file.</summary>
    private SavedImage WriteImage(SavedImage image, ArraySegment<byte> content, IReadOnlyList<ArraySegment<byte>> file)
    {
        try
        {
            // The picture comes first: it was paid for. But a sidecar that could not follow it is known before.
            string sidecar = image.FullName + Sidecar.Extension;
            if (options.Sidecar && !options.Force && _files.FileExists(sidecar)) throw AtomicFile.CreateExistsError(sidecar);
            AtomicFile.Write(_files, image.FullName, file, options.Force);
            return image;
        }
        catch (FaceGenException e) when (e.Code == ErrorCode.FileExists && options.AcceptIdentical)
        {
            if (FindSameImage(image, content) is { } same) return same;
            throw;
        }
    }

    private void WriteSidecar(SavedImage image)
    {
        string sidecar = image.FullName + Sidecar.Extension;
        if (options.Force || !_files.FileExists(sidecar)) AtomicFile.Write(_files, sidecar, Sidecar.Write(image), options.Force);
    }

    private void ReserveName(string path, (string? Account, string Id, int Index) image)
    {
        lock (_usedNames)
        {
            // The same image may be saved once more, where it could not be written at first.
            if (!_usedNames.TryGetValue(path, out (string? Account, string Id, int Index) owner)) _usedNames.Add(path, owner = image);
            if (owner == image) return;
        }

        throw new FaceGenException(ErrorCode.FileExists,
            $"Another image of this run has the name '{path}' already. Put {{id}} and {{index}} into -Name; nothing is lost.");
    }

    /// <summary>
    /// The image in the file that is there, if it is this one: what is told of it there may differ, since an answer that came
    /// again need not say all that the first one said.
    /// </summary>
    private SavedImage? FindSameImage(SavedImage image, ArraySegment<byte> content)
    {
        if (!_files.FileExists(image.FullName)) return null;

        var there = new ArraySegment<byte>(ReadExistingFile(image.FullName));
        return ComputeSha256(PngText.Strip(there)) == ComputeSha256([content])
            ? image with { Length = there.Count, Sha256 = ComputeSha256([there]) }
            : null;
    }

    private static string ComputeSha256(IEnumerable<ArraySegment<byte>> bytes)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (ArraySegment<byte> part in bytes) hash.AppendData(part.Array!, part.Offset, part.Count);
        return string.Concat(hash.GetHashAndReset().Select(b => b.ToString("x2", CultureInfo.InvariantCulture)));
    }

    /// <summary>The file of a picture that is there already, whatever its format; null where there is none.</summary>
    /// <param name="files">Performs the file operations.</param>
    /// <param name="path">Its path without the extension.</param>
    internal static string? FindExistingFile(FileStorage files, string path) =>
        Formats.Select(format => path + format.GetExtension()).FirstOrDefault(files.FileExists);

    /// <summary>Returns when a file was written; a time before any submission where the system does not say.</summary>
    internal static DateTimeOffset GetLastWriteTime(FileStorage files, string path)
    {
        try
        {
            return files.GetLastWriteTimeUtc(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return DateTimeOffset.FromUnixTimeMilliseconds(0);
        }
    }

    /// <summary>Reads a file that counts as saved from here on.</summary>
    private byte[] ReadExistingFile(string path)
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
            return _files.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FaceGenException(ErrorCode.FileExists, $"'{path}' is there already and cannot be read: {e.Message}", e);
        }
    }

    private SavedImage ReadExistingImage(string path, Generation generation, int index)
    {
        byte[] bytes = ReadExistingFile(path);
        ImageInfo info = ImageInfo.Read(bytes)
            ?? throw new FaceGenException(ErrorCode.ImageInvalid, $"'{path}' is there already and is no complete image. -Force replaces it.");
        var whole = new ArraySegment<byte>(bytes);
        return CreateSavedImage(path, new CheckedImage(whole, info), generation, index, ComputeSha256(PngText.Strip(whole)));
    }

    /// <summary>Says what an image is.</summary>
    /// <param name="path">Its file.</param>
    /// <param name="image">What is in the file.</param>
    /// <param name="generation">Its generation.</param>
    /// <param name="index">Which of the generation's images it is, from 0.</param>
    /// <param name="receivedSha256">The sum of what the service gave, where the file tells more.</param>
    private SavedImage CreateSavedImage(string path, CheckedImage image, Generation generation, int index, string? receivedSha256 = null)
    {
        (ArraySegment<byte> bytes, ImageInfo info) = image;
        string sha256 = ComputeSha256([bytes]);
        return new SavedImage
        {
            FullName = path,
            Length = bytes.Count,
            Sha256 = sha256,
            Format = info.Format,
            Width = info.Width,
            Height = info.Height,
            Filtered = BlankImage.IsBlank(bytes, info) || _repeatedImages.AddAndCheck(receivedSha256 ?? sha256, generation),
            Incomplete = !info.IsComplete,
            Index = index + 1,
            Generation = generation,
        };
    }
}
