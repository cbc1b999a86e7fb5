namespace FaceGen.Contract;

/// <summary>
/// Gathers one request's values as they are read from a row, and makes the request of them. All that is wrong with
/// the row is said at once.
/// </summary>
/// <param name="resolvePath">Makes a full path of a face image's path.</param>
internal sealed class RequestDraft(Func<string, string> resolvePath)
{
    private readonly Dictionary<RequestField, object?> _values = [];
    private readonly List<FaceGenException> _faults = [];

    /// <summary>Reads one value; a fault is kept for <see cref="ToRequest"/>.</summary>
    internal void Set(RequestField field, object? raw) => Try(() => _values[field] = field.Read(raw));

    /// <summary>Makes the request.</summary>
    /// <exception cref="FaceGenException">Values are missing or not allowed; the message names all of them.</exception>
    internal Request ToRequest(RequestSource? source)
    {
        string prompt = "";
        FaceImage? face = null;
        Try(() => prompt = (string)RequestField.Prompt.Require(Get<string>(RequestField.Prompt)));
        Try(() => face = FaceImage.FromText(
            (string)RequestField.FaceImage.Require(Get<string>(RequestField.FaceImage)), resolvePath));

        if (_faults.Count > 0)
            throw new FaceGenException(_faults[0].Code, string.Join(" ", _faults.Select(fault => fault.Message)), _faults[0]);

        return new Request
        {
            Prompt = prompt,
            NegativePrompt = Get<string>(RequestField.NegativePrompt),
            FaceImage = face!,
            Width = Get<int?>(RequestField.Width),
            Height = Get<int?>(RequestField.Height),
            NumInferenceSteps = Get<int?>(RequestField.NumInferenceSteps),
            GuidanceScale = Get<double?>(RequestField.GuidanceScale),
            SScale = Get<double?>(RequestField.SScale),
            Samples = Get<int?>(RequestField.Samples),
            SafetyChecker = Get<bool?>(RequestField.SafetyChecker),
            SafetyCheckerType = Get<string>(RequestField.SafetyCheckerType),
            Base64 = Get<bool?>(RequestField.Base64),
            Style = Get<string>(RequestField.Style),
            Seed = Get<long?>(RequestField.Seed),
            Webhook = Get<Uri>(RequestField.Webhook),
            TrackId = Get<long?>(RequestField.TrackId),
            Source = source,
        };
    }

    private T? Get<T>(RequestField field) => _values.TryGetValue(field, out object? value) ? (T?)value : default;

    private void Try(Action read)
    {
        try
        {
            read();
        }
        catch (FaceGenException fault)
        {
            _faults.Add(fault);
        }
    }
}
