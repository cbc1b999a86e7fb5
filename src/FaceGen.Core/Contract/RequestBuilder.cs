namespace FaceGen.Contract;

/// <summary>
/// Collects the values of one row and creates the row's request, or one error with all its faults. It builds one row after the
/// other.
/// </summary>
/// <param name="parseFaceImage">Parses a face image.</param>
/// <param name="isStored">True if the values are from a ledger and were validated before.</param>
internal sealed class RequestBuilder(Func<string, FaceImage> parseFaceImage, bool isStored = false)
{
    /// <summary>The property of a sidecar file that contains the request.</summary>
    internal const string SidecarProperty = "request";

    private readonly Dictionary<RequestField, object?> _values = [];
    private readonly Dictionary<RequestField, string> _names = [];
    private readonly List<FaceGenException> _errors = [];

    /// <summary>Sets a field's unparsed value; the last one wins.</summary>
    internal void Set(RequestField field, object? raw) => _values[field] = raw;

    /// <summary>Adds the name that precedes a field's value; two names of one field are an error.</summary>
    internal void AddName(RequestField field, string name)
    {
        if (!_names.TryGetValue(field, out string? first)) _names.Add(field, name);
        else if (!first.Equals(name, StringComparison.OrdinalIgnoreCase)) AddErrorOnce($"'{InvisibleCharacters.Escape(first, 60)}' and '{InvisibleCharacters.Escape(name, 60)}' both mean '{field.Name}'.");
    }

    /// <summary>Clears the names of fields, because another object follows or the same one is read again.</summary>
    internal void ClearNames() => _names.Clear();

    /// <summary>Sets a value that no field can have, described by a phrase that follows "not".</summary>
    internal void SetInvalid(RequestField field, string description) => _values[field] = new InvalidValue(description);

    /// <summary>
    /// Starts the request inside a sidecar file. The values before it describe the generated image; only their seed is kept, as
    /// the default of the request's seed.
    /// </summary>
    internal void StartSidecarRequest()
    {
        _values.TryGetValue(RequestField.Seed, out object? seed);
        _values.Clear();
        _names.Clear();
        if (seed is not null) Set(RequestField.Seed, seed);
    }

    /// <summary>Adds an error of the whole row; its fields are not parsed.</summary>
    internal void AddError(string reason) => _errors.Add(new FaceGenException(ErrorCode.RequestInvalid, reason));

    private void AddErrorOnce(string reason)
    {
        if (_errors.All(fault => fault.Message != reason)) AddError(reason);
    }

    /// <summary>Builds the row, valid or not, and clears all values for the next row.</summary>
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
