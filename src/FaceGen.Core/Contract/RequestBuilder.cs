namespace FaceGen.Contract;

/// <summary>
/// Gathers one row's values as they are read, and makes the row's request of them, or one error that says all that is
/// wrong. It serves one row after the other.
/// </summary>
/// <param name="parseFaceImage">Makes a face image of its text.</param>
/// <param name="isStored">True if the values were checked when they were entered in a ledger.</param>
internal sealed class RequestBuilder(Func<string, FaceImage> parseFaceImage, bool isStored = false)
{
    /// <summary>The property under which a sidecar holds the request.</summary>
    internal const string SidecarProperty = "request";

    private readonly Dictionary<RequestField, object?> _values = [];
    private readonly Dictionary<RequestField, string> _names = [];
    private readonly List<FaceGenException> _errors = [];

    /// <summary>Takes a field's value as it was written; the last one wins.</summary>
    internal void Set(RequestField field, object? raw) => _values[field] = raw;

    /// <summary>Notes the name under which a field's value follows; two names of one field refuse the row.</summary>
    internal void AddName(RequestField field, string name)
    {
        if (!_names.TryGetValue(field, out string? first)) _names.Add(field, name);
        else if (!first.Equals(name, StringComparison.OrdinalIgnoreCase)) AddErrorOnce($"'{InvisibleCharacters.Escape(first, 60)}' and '{InvisibleCharacters.Escape(name, 60)}' both mean '{field.Name}'.");
    }

    /// <summary>Forgets the names of fields: what follows is another object, or the same one from its beginning.</summary>
    internal void ClearNames() => _names.Clear();

    /// <summary>Takes what no field can have, in words that follow "not".</summary>
    internal void SetInvalid(RequestField field, string description) => _values[field] = new InvalidValue(description);

    /// <summary>
    /// What was read so far stands beside a sidecar's request and tells of the image that came of it: of that only the seed
    /// is asked for again, and only where the request has none.
    /// </summary>
    internal void StartSidecarRequest()
    {
        _values.TryGetValue(RequestField.Seed, out object? seed);
        _values.Clear();
        _names.Clear();
        if (seed is not null) Set(RequestField.Seed, seed);
    }

    /// <summary>Refuses the row as a whole: what its fields hold is not even looked at.</summary>
    internal void AddError(string reason) => _errors.Add(new FaceGenException(ErrorCode.RequestInvalid, reason));

    private void AddErrorOnce(string reason)
    {
        if (_errors.All(fault => fault.Message != reason)) AddError(reason);
    }

    /// <summary>Makes the row, sound or not, and is ready for the next.</summary>
    internal RequestRow Build(RequestSource source, IReadOnlyList<string> unknownNames)
    {
        Request? request = _errors.Count == 0 ? CreateRequest(source) : null;
        var row = new RequestRow(source, request, request is null ? CreateError(source) : null, unknownNames);
        _values.Clear();
        _names.Clear();
        _errors.Clear();
        return row;
    }

    private Request? CreateRequest(RequestSource source)
    {
        var request = new Request
        {
            Prompt = Require(RequestField.Prompt, text => text) ?? "",
            NegativePrompt = Read<string>(RequestField.NegativePrompt),
            FaceImage = Require(RequestField.FaceImage, parseFaceImage)!,
            Width = Read<int?>(RequestField.Width),
            Height = Read<int?>(RequestField.Height),
            NumInferenceSteps = Read<int?>(RequestField.NumInferenceSteps),
            GuidanceScale = Read<double?>(RequestField.GuidanceScale),
            SScale = Read<double?>(RequestField.SScale),
            Samples = Read<int?>(RequestField.Samples),
            SafetyChecker = Read<bool?>(RequestField.SafetyChecker),
            SafetyCheckerType = Read<string>(RequestField.SafetyCheckerType),
            Base64 = Read<bool?>(RequestField.Base64),
            Style = Read<string>(RequestField.Style),
            Seed = Read<long?>(RequestField.Seed),
            Webhook = Read<Uri>(RequestField.Webhook),
            TrackId = Read<long?>(RequestField.TrackId),
            Source = source,
        };
        return _errors.Count == 0 ? request : null;
    }

    private FaceGenException CreateError(RequestSource source) =>
        new(_errors[0].Code, $"{source}: {string.Join(" ", _errors.Select(fault => fault.Message))}", _errors[0]);

    private T? Read<T>(RequestField field)
    {
        try
        {
            return (T?)Read(field);
        }
        catch (FaceGenException fault)
        {
            _errors.Add(fault);
            return default;
        }
    }

    private T? Require<T>(RequestField field, Func<string, T> parse) where T : class
    {
        try
        {
            return parse((string)(Read(field) ?? throw field.CreateMissingError()));
        }
        catch (FaceGenException fault)
        {
            _errors.Add(fault);
            return null;
        }
    }

    private object? Read(RequestField field) =>
        !_values.TryGetValue(field, out object? raw) ? null
        : raw is InvalidValue ? throw field.CreateInvalidError(raw)
        : isStored ? field.ReadStored(raw)
        : field.Read(raw);

    private sealed record InvalidValue(string Description)
    {
        public override string ToString() => Description;
    }
}
