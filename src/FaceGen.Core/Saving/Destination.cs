namespace FaceGen.Saving;

/// <summary>The folder that images are saved to: checks that it can be written before requests are charged.</summary>
/// <param name="files">Performs the file operations.</param>
/// <param name="folder">The full path of the folder.</param>
internal sealed class Destination(FileStorage files, string folder)
{
    /// <summary>Checks that the folder, which need not exist yet, can be written. Leaves no file behind.</summary>
    /// <exception cref="FaceGenException">The folder cannot be written.</exception>
    internal void VerifyWritable()
    {
        string name = PartFileName.Create(), renamed = PartFileName.Create(), tried = folder;
        try
        {
            // A folder that does not exist yet is not tried under its own name.
            if (PathLength.MeasureTemporary(folder) > PathLength.GetMax(folder))
                throw new PathTooLongException($"Its path has {PathLength.Measure(folder)} {PathLength.Unit}, and its files could not be named");

            if (files.FolderExists(folder))
            {
                ProbeFile(Path.Combine(folder, name), Path.Combine(folder, renamed));
                return;
            }

            // A user who may create a folder may write its files.
            string? above = Path.GetDirectoryName(folder);
            while (above is not null && !files.FolderExists(above) && !files.FileExists(above)) above = Path.GetDirectoryName(above);
            tried = above ?? folder;
            string made = Path.Combine(tried, name);
            files.CreateFolder(files.FileExists(folder) ? folder : made);
            files.DeleteFolder(made);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            string reason = e.Message.Replace(Path.Combine(tried, name), tried).Replace(Path.Combine(tried, renamed), tried).TrimEnd('.');
            throw CreateNotWritableError(e, reason);
        }
    }

    private FaceGenException CreateNotWritableError(Exception cause, string reason) => new(ErrorCode.FileNotWritten,
        $"The folder '{folder}' cannot be written: {reason.TrimEnd('.')}. Nothing was sent or saved. Make it writable, or give another folder.", cause);

    /// <summary>Creates the folder if it does not exist, and checks that it can be written.</summary>
    /// <exception cref="FaceGenException">The folder cannot be written.</exception>
    internal void Prepare()
    {
        VerifyWritable();
        bool exists = files.FolderExists(folder);
        try
        {
            files.EnsureFolder(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw CreateNotWritableError(e, e.Message);
        }

        if (!exists) VerifyWritable();
    }

    /// <summary>
    /// True if a write failed for a reason that affects every file, such as a full disk, a read-only file system or a missing
    /// share; false if it affects one file, such as a name that is too long.
    /// </summary>
    /// <param name="error">The error of the write.</param>
    internal bool IsFolderFault(FaceGenException error) => error.Code == ErrorCode.FileNotWritten
        && error.InnerException is { } cause
        && ((cause is IOException && StorageErrorCodes.Contains(cause.HResult)) || !IsWritable());

    /// <summary>Removes the temporary files that killed runs left in the folder.</summary>
    /// <param name="includeSubfolders">True to search the folders below it too.</param>
    /// <param name="cancellationToken">Cancels the search.</param>
    internal void RemoveAbandoned(bool includeSubfolders, CancellationToken cancellationToken)
    {
        try
        {
            if (!files.FolderExists(folder)) return;

            SearchOption where = includeSubfolders ? SearchOption.AllDirectories : SearchOption.TopDirectoryOnly;
            foreach (string path in Directory.EnumerateFiles(folder, PartFileName.SearchPattern, where))
            {
                if (cancellationToken.IsCancellationRequested) return;
                if (PartFileName.IsAbandoned(path)) DeleteIfPossible(path);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The next run tries again.
            return;
        }
    }

    /// <summary>The error codes of a disk that is full, read-only or broken, of a used-up quota, and of a missing share.</summary>
    private static readonly HashSet<int> StorageErrorCodes =
    [
        // ENOSPC, EDQUOT (Linux, macOS), EROFS, EIO, ENXIO, ENODEV, EMFILE, ENFILE
        28, 122, 69, 30, 5, 6, 19, 24, 23,
        // ESTALE (Linux, macOS), ENOTCONN, ETIMEDOUT, EHOSTDOWN, EHOSTUNREACH, EREMOTEIO
        116, 70, 107, 110, 112, 113, 121,
        // ERROR_DISK_FULL, ERROR_HANDLE_DISK_FULL, ERROR_DISK_QUOTA_EXCEEDED, ERROR_WRITE_PROTECT, ERROR_NOT_READY, ERROR_CRC
        unchecked((int)0x80070070), unchecked((int)0x80070027), unchecked((int)0x8007050F), unchecked((int)0x80070013), unchecked((int)0x80070015), unchecked((int)0x80070017),
        // ERROR_IO_DEVICE, ERROR_BAD_NETPATH, ERROR_DEV_NOT_EXIST, ERROR_UNEXP_NET_ERR, ERROR_NETNAME_DELETED, ERROR_BAD_NET_NAME
        unchecked((int)0x8007045D), unchecked((int)0x80070035), unchecked((int)0x80070037), unchecked((int)0x8007003B), unchecked((int)0x80070040), unchecked((int)0x80070043),
        // ERROR_SEM_TIMEOUT, ERROR_NETWORK_UNREACHABLE
        unchecked((int)0x80070079), unchecked((int)0x800704CF),
    ];

    /// <summary>True if the folder exists and can be written.</summary>
    private bool IsWritable()
    {
        if (!files.FolderExists(folder)) return false;

        try
        {
            VerifyWritable();
            return true;
        }
        catch (FaceGenException)
        {
            return false;
        }
    }

    private void ProbeFile(string path, string renamedPath)
    {
        try
        {
            using (Stream file = files.Create(path))
            {
                file.Write([0], 0, 1);
                files.Flush(file);
            }

            // No file has the new name. Without "replace" a link may be created instead of a rename.
            files.RetryWhileInUse(() => files.Rename(path, renamedPath, replace: true));
            files.RetryWhileInUse(() => files.Delete(renamedPath));
            files.FlushFolder(folder);
        }
        catch
        {
            // A file that could be created and not written is deleted, if possible.
            if (files.FileExists(path)) DeleteIfPossible(path);
            throw;
        }
    }

    private void DeleteIfPossible(string path)
    {
        try
        {
            files.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Another process was faster, or the file cannot be deleted: it is not an image, and does no harm.
            return;
        }
    }
}
