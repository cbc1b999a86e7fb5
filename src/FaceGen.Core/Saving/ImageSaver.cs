using System.Collections.Concurrent;
using FaceGen.Contract;
using FaceGen.Generating;
using FaceGen.Http;
using FaceGen.ImageFormats;

namespace FaceGen.Saving;

/// <summary>Saves the images of generations as files.</summary>
/// <param name="connection">The connection that downloads images of generations without a connection; null if each has its own.</param>
/// <param name="options">Where and how images are saved.</param>
/// <param name="log">Logs waits and warnings.</param>
/// <param name="retryWrite">
/// Performs each write, and again while the disk is full, so that the image need not be downloaded again. Null to write once.
/// </param>
internal sealed class ImageSaver(
    Connection? connection, SaveOptions options, IEngineLog? log = null, Func<Action, CancellationToken, Task>? retryWrite = null)
{
    /// <summary>The largest buffer that is used again, in bytes: any image of the service fits in it.</summary>
    private const int MaxReusedBuffer = 8 * 1024 * 1024;

    private readonly FileStorage _files = (connection?.Services ?? EngineServices.System).Files;
    private readonly SavedImageFactory _factory = new();

    /// <summary>Buffers for the next images: large arrays are expensive to allocate and to collect.</summary>
    private readonly ConcurrentBag<MemoryStream> _buffers = [];

    /// <summary>The names of this run, so that none of its files replaces another, on any file system.</summary>
    private readonly Dictionary<string, (string? Account, string Id, int Index)> _usedNames = new(StringComparer.OrdinalIgnoreCase);

    private ExistingImages Existing => field ??= new ExistingImages(_files, _factory);

    /// <summary>Saves one image, and marks it as saved as soon as its file is written.</summary>
    /// <exception cref="FaceGenException">The image could not be downloaded or written.</exception>
    internal async Task<SavedImage> SaveAsync(Generation generation, int index, CancellationToken cancellationToken)
    {
        string path = GetPath(generation, index);
        // Without these two options an existing file is never replaced.
        if (options.Force || options.SkipExisting) ReserveName(path, (generation.Account, generation.Id, index));
        if (index == 0 && generation.UnusedImageCount > 0) log?.LogWarning(UnusedImagesWarning(generation));
        SavedImage saved;
        if (options.SkipExisting && ExistingImages.FindFile(_files, path, options.Name) is { } existing)
        {
            saved = Existing.Read(existing, generation, index);
            GetAccount(generation).MarkSaved(generation.Id, index);
        }
        else
        {
            saved = await DownloadAsync(path, generation, index, cancellationToken).ConfigureAwait(false);
        }

        if (options.Sidecar) await WriteAsync(() => WriteSidecar(saved), cancellationToken).ConfigureAwait(false);
        return saved;
    }

    /// <summary>
    /// Returns the images of a generation if every file exists, is complete, and was written since the request was sent; null
    /// otherwise.
    /// </summary>
    internal IReadOnlyList<SavedImage>? FindExistingImages(Generation generation) =>
        Existing.FindAll(Enumerable.Range(0, generation.Images.Count).Select(index => GetPath(generation, index)), generation);

    private string GetPath(Generation generation, int index) => Path.Combine(options.Folder, options.Name.Expand(generation, index));

    private Connection GetConnection(Generation generation) => generation.Connection ?? connection
        ?? throw new InvalidOperationException($"Generation {generation.Id} has no connection.");

    private Account GetAccount(Generation generation) => Account.For(GetConnection(generation));

    private void ReserveName(string path, (string? Account, string Id, int Index) image)
    {
        lock (_usedNames)
        {
            // The same image is saved again if it could not be written at first.
            if (!_usedNames.TryGetValue(path, out (string? Account, string Id, int Index) owner)) _usedNames.Add(path, owner = image);
            if (owner == image) return;
        }

        throw new FaceGenException(ErrorCode.FileExists,
            $"Another image of this run already has the name '{path}'. The image was not saved, and is not lost. Put {{id}} and {{index}} into -Name.");
    }

    private async Task<SavedImage> DownloadAsync(string path, Generation generation, int index, CancellationToken cancellationToken)
    {
        if (!_buffers.TryTake(out MemoryStream? buffer)) buffer = new MemoryStream();
        try
        {
            CheckedImage image = await ExpiryVerifier.DownloadAsync(
                GetConnection(generation), generation, index, buffer, options.Timeout, log, cancellationToken).ConfigureAwait(false);
            SavedImage saved = _factory.Create(path + options.Name.GetExtension(image.Info.Format), image, generation, index);
            IReadOnlyList<ArraySegment<byte>> parts = CreateFileParts(saved, image.Bytes);
            if (parts.Count > 1) saved = saved with { Length = parts.Sum(part => part.Count), Sha256 = SavedImageFactory.ComputeSha256(parts) };
            await WriteUninterruptedAsync(generation, index, () => saved = WriteImage(saved, image.Bytes, parts), cancellationToken).ConfigureAwait(false);
            if (saved.Incomplete) log?.LogWarning($"Image {index + 1} of generation {generation.Id} came without the end marker of its format ({saved.FormatValue.GetDisplayName()}). All of its pixels are there: it is saved as '{saved.FullName}' and marked Incomplete. If a program refuses the file, save it again with a tool that repairs such files.");
            return saved;
        }
        finally
        {
            if (buffer.Capacity <= MaxReusedBuffer) _buffers.Add(buffer);
        }
    }

    /// <summary>Writes an image file. Once writing has begun a stop does not cancel it: the account waits for it.</summary>
    private async Task WriteUninterruptedAsync(Generation generation, int index, Action writeFile, CancellationToken cancellationToken)
    {
        var written = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        // With retries a write may take as long as the disk stays full: the account does not wait for it.
        if (retryWrite is null) GetAccount(generation).Track(written.Task);
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
        if (retryWrite is not null) return retryWrite(action, cancellationToken);

        action();
        return Task.CompletedTask;
    }

    /// <summary>Gets the folder that is not created again; null if it may be created.</summary>
    private string? Root => options.FolderMustExist ? options.Folder.TrimEnd(Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar) : null;

    /// <summary>Returns the parts of the file that an image is saved as: the image, and metadata if it is embedded.</summary>
    private IReadOnlyList<ArraySegment<byte>> CreateFileParts(SavedImage image, ArraySegment<byte> bytes)
    {
        if (!options.EmbedMetadata) return [bytes];
        if (image.FormatValue == ImageFormat.Png) return PngText.Embed(bytes, Provenance.GetTexts(image.Generation, image.Index));

        log?.LogVerbose($"'{image.FullName}' is a {image.FormatValue.GetDisplayName()} file and has no embedded metadata: only PNG files can have it. A sidecar file can describe an image of any format.");
        return [bytes];
    }

    /// <summary>Writes an image, unless its file already holds it and that is accepted; returns what the file holds.</summary>
    private SavedImage WriteImage(SavedImage image, ArraySegment<byte> content, IReadOnlyList<ArraySegment<byte>> parts)
    {
        try
        {
            // The image comes first, because it was charged; but a sidecar that could not follow it is reported before.
            string sidecar = image.FullName + Sidecar.Extension;
            if (options.Sidecar && !options.Force && _files.FileExists(sidecar)) throw AtomicFile.CreateExistsError(sidecar);
            AtomicFile.Write(_files, image.FullName, parts, options.Force, Root);
            return image;
        }
        catch (FaceGenException e) when (e.Code == ErrorCode.FileExists && options.AcceptIdentical)
        {
            if (Existing.FindSame(image, content) is { } same) return same;
            throw;
        }
    }

    private void WriteSidecar(SavedImage image)
    {
        string sidecar = image.FullName + Sidecar.Extension;
        if (options.Force || !_files.FileExists(sidecar)) AtomicFile.Write(_files, sidecar, Sidecar.Write(image), options.Force, Root);
    }

    private static string UnusedImagesWarning(Generation generation)
    {
        int images = generation.Images.Count;
        return $"The service sent {images + generation.UnusedImageCount} or more images for generation {generation.Id}. Only the first {(images == 1 ? "is" : $"{images} are")} saved, because no more were requested. -Samples requests up to {RequestField.Samples.Maximum}.";
    }
}
