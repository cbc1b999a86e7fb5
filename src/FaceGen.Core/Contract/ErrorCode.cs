namespace FaceGen;

/// <summary>
/// Specifies the kind of an error, for scripts: the name is the first part of the error's <c>FullyQualifiedErrorId</c>.
/// </summary>
public enum ErrorCode
{
    /// <summary>A field of the request is missing or outside the API's limits. Nothing was sent.</summary>
    RequestInvalid,

    /// <summary>The face image does not exist, cannot be read, is empty or too large, or is not an image. Nothing was sent.</summary>
    FaceImageInvalid,

    /// <summary>The request file cannot be read as CSV, JSON or JSON Lines.</summary>
    RequestFileInvalid,

    /// <summary>There is no connection, and the environment has no key.</summary>
    NotConnected,

    /// <summary>The connection's address or key cannot be used.</summary>
    ConnectionInvalid,

    /// <summary>The object belongs to another account or address than the connection. Nothing was done.</summary>
    ConnectionMismatch,

    /// <summary>The service could not be reached. Nothing was accepted.</summary>
    ServiceUnreachable,

    /// <summary>The service rejected the key (401). Every other request would fail too.</summary>
    KeyRejected,

    /// <summary>The account is out of credits (402). Every other request would fail too.</summary>
    OutOfCredits,

    /// <summary>The account's plan does not allow the request (403). Every other request would fail too.</summary>
    NotInPlan,

    /// <summary>The service redirected to another address. The key was not sent there.</summary>
    ServiceMoved,

    /// <summary>The service refused this request. Nothing was accepted.</summary>
    RequestRefused,

    /// <summary>The account's queue stayed full, or the service stayed busy, until the timeout.</summary>
    ServiceBusy,

    /// <summary>The response to a submission was lost: the service may have accepted it and charged for it.</summary>
    SubmissionUncertain,

    /// <summary>The service could not generate the images. It may have charged for them.</summary>
    GenerationFailed,

    /// <summary>
    /// The generation was not ready, or its submission had no response, before the timeout. It continues at the service and is not lost.
    /// </summary>
    GenerationTimeout,

    /// <summary>The service has no generation with this id for this key.</summary>
    GenerationNotFound,

    /// <summary>A request for information failed. Nothing was generated or lost.</summary>
    FetchFailed,

    /// <summary>The service did not delete images. Saved files are not affected.</summary>
    NotDeleted,

    /// <summary>A finished generation has no image to save.</summary>
    OutputMissing,

    /// <summary>The image could not be downloaded. Its link may work later.</summary>
    DownloadFailed,

    /// <summary>The image's link no longer works: links expire 24 hours after the generation.</summary>
    LinkExpired,

    /// <summary>The downloaded or given data is not a complete image.</summary>
    ImageInvalid,

    /// <summary>Parameters contradict each other, or one has an invalid value.</summary>
    ParametersInvalid,

    /// <summary>The template of file names is invalid, or leads out of the folder.</summary>
    FileNameInvalid,

    /// <summary>A file with that name already exists.</summary>
    FileExists,

    /// <summary>The file could not be written: the disk is full, the folder is read-only, or the name is invalid.</summary>
    FileNotWritten,

    /// <summary>The input of a batch has invalid rows. Nothing was sent.</summary>
    BatchInvalid,

    /// <summary>The ledger does not exist.</summary>
    LedgerNotFound,

    /// <summary>The ledger is damaged, has a newer version, or is not a ledger.</summary>
    LedgerInvalid,

    /// <summary>Another run uses the ledger.</summary>
    LedgerInUse,

    /// <summary>The ledger could not be written: the disk is full, or the folder is read-only.</summary>
    LedgerNotWritten,

    /// <summary>The ledger's database could not be reached, or SQLite does not load.</summary>
    LedgerUnreachable,

    /// <summary>A webhook cannot listen, or there is no webhook.</summary>
    WebhookNotOpened,

    /// <summary>The emulator could not be started.</summary>
    EmulatorFailed,
}
