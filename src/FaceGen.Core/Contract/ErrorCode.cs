namespace FaceGen;

/// <summary>
/// What went wrong, as a name that scripts can rely on: it is the first part of every error's
/// <c>FullyQualifiedErrorId</c>.
/// </summary>
public enum ErrorCode
{
    /// <summary>A field of the request is missing or outside the API's limits; nothing was sent.</summary>
    RequestInvalid,

    /// <summary>The face image is not there, not readable, empty, too large or no image; nothing was sent.</summary>
    FaceImageInvalid,

    /// <summary>The request file cannot be read as CSV, JSON or JSON Lines.</summary>
    RequestFileInvalid,

    /// <summary>There is no connection and no key in the environment.</summary>
    NotConnected,

    /// <summary>The connection's address or key cannot be used.</summary>
    ConnectionInvalid,

    /// <summary>The object belongs to another account or address than the connection that would act for it; nothing was done.</summary>
    ConnectionMismatch,

    /// <summary>The service could not be reached; nothing was accepted.</summary>
    ServiceUnreachable,

    /// <summary>The service refuses the key (401): every other request would fail too.</summary>
    KeyRejected,

    /// <summary>The account is out of credits (402): every other request would fail too.</summary>
    OutOfCredits,

    /// <summary>The account's plan does not allow the call (403): every other request would fail too.</summary>
    NotInPlan,

    /// <summary>The service redirects to another address, to which the key is not sent.</summary>
    ServiceMoved,

    /// <summary>The service refused this request; nothing was accepted.</summary>
    RequestRefused,

    /// <summary>The account's queue stayed full, or the service stayed busy, until the time was over.</summary>
    ServiceBusy,

    /// <summary>
    /// The answer to a submission was lost: the service may or may not have accepted (and charged for) it.
    /// </summary>
    SubmissionUncertain,

    /// <summary>The service accepted the request and could not make the image.</summary>
    GenerationFailed,

    /// <summary>The generation was not ready in time; it goes on at the service and is not lost.</summary>
    GenerationTimeout,

    /// <summary>The service knows no generation by this id under this key.</summary>
    GenerationNotFound,

    /// <summary>A look at the service's state failed; nothing was generated or lost by that.</summary>
    FetchFailed,

    /// <summary>The service did not delete images; the files that were saved are not touched by that.</summary>
    NotDeleted,

    /// <summary>A finished generation has no image to save.</summary>
    OutputMissing,

    /// <summary>The image could not be downloaded; its link may still work later.</summary>
    DownloadFailed,

    /// <summary>The image's link has stopped working: 24 hours after the generation it is gone for good.</summary>
    LinkExpired,

    /// <summary>What the link gave, or what is to be shown, is not a complete image.</summary>
    ImageInvalid,

    /// <summary>Parameters contradict each other, or one has a value that makes no sense.</summary>
    ParametersInvalid,

    /// <summary>The template of file names is no template, or leads out of the folder.</summary>
    FileNameInvalid,

    /// <summary>There is a file by that name already.</summary>
    FileExists,

    /// <summary>The file could not be written: disk full, folder read-only, name impossible.</summary>
    FileNotWritten,

    /// <summary>The input of a batch has rows that are invalid; nothing was sent.</summary>
    BatchInvalid,

    /// <summary>The ledger is not there, damaged, of a newer version, or no ledger at all.</summary>
    LedgerInvalid,

    /// <summary>Another run works on the ledger.</summary>
    LedgerInUse,

    /// <summary>The ledger could not be written: disk full, folder read-only.</summary>
    LedgerNotWritten,

    /// <summary>The ledger's database could not be reached.</summary>
    LedgerUnreachable,

    /// <summary>A webhook cannot listen, or none listens.</summary>
    WebhookNotOpened,

    /// <summary>The emulator could not be started.</summary>
    EmulatorFailed,
}
