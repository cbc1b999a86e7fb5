namespace FaceGen.Simulation.Service;

/// <summary>One way in which the service, or the network before it, treats a submission.</summary>
/// <param name="Name">The name in a history.</param>
/// <param name="Acceptance">What the service makes of the request.</param>
/// <param name="Make">Creates the response; null for a connection that breaks.</param>
internal sealed record SubmitResponse(string Name, Acceptance Acceptance, Func<SimulatedGeneration, HttpResponseMessage?> Make)
{
    /// <summary>True if the connection is never made, so that nothing leaves the machine.</summary>
    internal bool IsNeverSent { get; init; }

    /// <summary>True if the service never responds.</summary>
    internal bool IsSilent { get; init; }

    /// <summary>True if the response names the generation, so that it is known from then on.</summary>
    internal bool NamesId { get; init; }

    /// <summary>True if the response leaves open whether the request was accepted.</summary>
    internal bool IsUnclear => Acceptance == Acceptance.None ? IsLost : !NamesId;

    /// <summary>True if the request is not accepted, and no response says so.</summary>
    internal bool IsLost { get; init; }

    /// <summary>True if the response refuses this request alone, for good.</summary>
    internal bool RefusesRow { get; init; }

    /// <summary>True if the response refuses every request of the account.</summary>
    internal bool RefusesAll { get; init; }

    /// <summary>Gets the ways, the usual one first.</summary>
    internal static IReadOnlyList<SubmitResponse> All { get; } =
    [
        new("queued", Acceptance.Accepted, generation => Responses.Processing(generation, generation.Id)) { NamesId = true },

        // Accepted, and the response says so in one of the forms that have been seen.
        new("ready at once", Acceptance.AcceptedReady, generation => Responses.Success(generation)) { NamesId = true },
        new("queued, its id as text and no eta", Acceptance.Accepted, generation => Responses.Json($$"""{"status":"pending","id":"{{generation.Id}}","output":""}""")) { NamesId = true },
        new("queued, its id as request_id", Acceptance.Accepted, generation => Responses.Json($$"""{"status":"processing","request_id":{{generation.Id}},"eta":1}""")) { NamesId = true },
        new("queued by an unknown status", Acceptance.Accepted, generation => Responses.Json($$"""{"status":"dreaming","id":{{generation.Id}}}""")) { NamesId = true },
        new("success, its images not there yet", Acceptance.Accepted, generation => Responses.Json($$"""{"status":"success","id":{{generation.Id}},"output":[]}""")) { NamesId = true },
        new("an id with 429", Acceptance.Accepted, generation => Responses.Json($$"""{"status":"error","message":"Rate limit exceeded.","id":{{generation.Id}},"retry_after":30}""", 429)) { NamesId = true },
        new("an id with 400", Acceptance.Accepted, generation => Responses.Json($$"""{"status":"error","message":"Something is odd.","id":{{generation.Id}}}""", 400)) { NamesId = true },
        new("failed, with its id", Acceptance.AcceptedFailing, generation => Responses.Json($$"""{"status":"failed","id":{{generation.Id}},"message":"The face could not be found."}""")) { NamesId = true },

        // Accepted, and the response is lost or does not say which generation it is.
        new("accepted, the connection breaks", Acceptance.Accepted, _ => null),
        new("accepted, no response", Acceptance.Accepted, _ => null) { IsSilent = true },
        new("accepted, a page of a proxy with 502", Acceptance.Accepted, _ => Responses.Html(502)),
        new("accepted, a redirect", Acceptance.Accepted, _ => Responses.Redirect()),
        new("accepted, an empty body", Acceptance.Accepted, _ => Responses.Json("")),
        new("accepted, a body that is cut off", Acceptance.Accepted, generation => Responses.Json($$"""{"status":"processing","id":{{generation.Id}}""")),
        new("accepted, without an id", Acceptance.Accepted, _ => Responses.Json("""{"status":"processing","eta":1,"message":"Request processing"}""")),
        new("accepted, 500 with an error object", Acceptance.Accepted, _ => Responses.Error("Server error, request timed out.", 500)),

        // Not accepted, which the response does not say.
        new("not accepted, the connection breaks", Acceptance.None, _ => null) { IsLost = true },
        new("not accepted, a page of a proxy with 502", Acceptance.None, _ => Responses.Html(502)) { IsLost = true },
        new("not accepted, a redirect", Acceptance.None, _ => Responses.Redirect()) { IsLost = true },

        // Refused for now.
        new("never connected", Acceptance.None, _ => null) { IsNeverSent = true },
        new("the queue is full", Acceptance.None, generation => Responses.QueueFull(generation.QueueLimit)),
        new("the rate limit as text", Acceptance.None, _ => Responses.Error("Rate limit exceeded. Try again in 20 seconds.")),
        new("a bare 429", Acceptance.None, _ => Responses.Html(429)),
        new("refused as spam for now", Acceptance.None, _ => Responses.Json("""{"status":"error","message":"Duplicate request","tips":"Try again in 30 seconds"}""")),
        new("503 with an error object", Acceptance.None, _ => Responses.Error("Server is restarting.", 503)),

        // Refused for good.
        new("refused with 400", Acceptance.None, _ => Responses.Error("The prompt is not allowed.", 400)) { RefusesRow = true },
        new("refused with 200", Acceptance.None, _ => Responses.Json("""{"status":"error","message":{"face_image":["The face image could not be read."]}}""")) { RefusesRow = true },
        new("failed, without an id", Acceptance.None, _ => Responses.Json("""{"status":"failed","id":"","message":"Failed, Try Again","output":""}""")) { RefusesRow = true },

        // Refused for all.
        new("the key is refused", Acceptance.None, _ => Responses.Error("Invalid API key", 401)) { RefusesAll = true },
        new("out of credits", Acceptance.None, _ => Responses.Error("Insufficient credits. Please add more credits to continue.", 402)) { RefusesAll = true },
        new("out of credits as text", Acceptance.None, _ => Responses.Error("Your monthly limit exceeded, upgrade subscription to continue.")) { RefusesAll = true },
        new("not in the plan", Acceptance.None, _ => Responses.Error("This feature requires a premium subscription", 403)) { RefusesAll = true },
    ];
}

/// <summary>What the service makes of a submission.</summary>
internal enum Acceptance
{
    /// <summary>Nothing is accepted or paid for.</summary>
    None,

    /// <summary>It is queued.</summary>
    Accepted,

    /// <summary>It is done at once.</summary>
    AcceptedReady,

    /// <summary>It is accepted and fails.</summary>
    AcceptedFailing,
}
