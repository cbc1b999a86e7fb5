namespace FaceGen.Emulator.Faults;

/// <summary>The kinds of call that a fault can hit.</summary>
public enum CallKind
{
    /// <summary>A submission: <c>POST …/face_gen</c> and its enterprise namesakes.</summary>
    Submit,

    /// <summary>A look at a generation: <c>POST …/fetch/{id}</c>.</summary>
    Fetch,

    /// <summary>A picture taken from its link: <c>GET /images/…</c>.</summary>
    Download,

    /// <summary>A face image sent in: <c>POST …/base64_to_url</c>.</summary>
    Upload,

    /// <summary>Every other call: the queue, the wallet, the list and the deletion of images.</summary>
    Account,

    /// <summary>The other way round: the service's call to the webhook that a request named.</summary>
    Webhook,
}
