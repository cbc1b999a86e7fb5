using System.Collections;

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

    /// <summary>The property of a sidecar file before the request, which a row does not have.</summary>
    internal const string SidecarHash = "sha256";

    /// <summary>The unparsed values, by <see cref="RequestField.Index"/>.</summary>
    private readonly object?[] _values = new object?[RequestField.All.Count];
    private readonly Dictionary<RequestField, string> _names = [];
    private readonly List<FaceGenException> _errors = [];
    private readonly Dictionary<string, string> _columns = new(StringComparer.OrdinalIgnoreCase);
    private IReadOnlyDictionary<string, object?> _additional = RequestData.None<object?>();

    /// <summary>Gets or sets the values of a row that gives none of its own.</summary>
    internal CommandValues Defaults { get; set; } = CommandValues.None;

    /// <summary>Gets or sets the values that replace those of a row.</summary>
    internal CommandValues Overrides { get; set; } = CommandValues.None;

    /// <summary>Sets a field's unparsed value; the last one wins.</summary>
    internal void Set(RequestField field, object? raw) => _values[field.Index] = raw;

    /// <summary>Sets all values of a request.</summary>
    internal void SetAll(Request request)
    {
        foreach ((RequestField field, object? value) in request.Fields) Set(field, value);
        foreach (KeyValuePair<string, string> column in request.Columns) SetColumn(column.Key, column.Value);
        _additional = request.AdditionalFields;
    }

    /// <summary>Adds the name that precedes a field's value; two names of one field are an error.</summary>
    internal void AddName(RequestField field, string name)
    {
        if (!_names.TryGetValue(field, out string? first)) _names.Add(field, name);
        else if (first != name) AddError($"'{InvisibleCharacters.Escape(first, 60)}' and '{InvisibleCharacters.Escape(name, 60)}' both mean '{field.Name}'.");
    }

    /// <summary>Clears the names of fields, because another object follows or the same one is read again.</summary>
    internal void ClearNames() => _names.Clear();

    /// <summary>Sets a column of the row that is not a field of the API. A column that may hold a secret is not kept.</summary>
    internal void SetColumn(string name, string value)
    {
        if (!RequestData.IsSecretName(name)) _columns[DisplayText.CleanLines(name)] = DisplayText.CleanLines(value);
    }

    /// <summary>
    /// Sets the additional fields or the columns of the row from a cell with a JSON object, as <c>Export-Csv</c> writes those of a request.
    /// </summary>
    /// <returns>False if the cell is another column.</returns>
    internal bool TrySetData(string name, string cell)
    {
        bool isAdditional = RequestData.IsAdditionalFields(name);
        if (!isAdditional && !RequestData.IsColumns(name)) return false;
        if (isAdditional && InvisibleCharacters.IsEmpty(cell)) return true;

        Dictionary<string, object?>? entries = RequestData.ParseObject(cell);
        if (isAdditional && entries is null) AddError(RequestData.AdditionalFieldsError);
        else if (isAdditional) SetAdditionalFields(entries!);
        else foreach (KeyValuePair<string, object?> column in entries ?? []) SetColumn(column.Key, column.Value is null ? "" : RequestData.Format(column.Value));
        return entries is not null || isAdditional;
    }

    /// <summary>Sets the additional fields of the row.</summary>
    internal void SetAdditionalFields(IDictionary entries)
    {
        try
        {
            if (isStored)
            {
                // A later version may know a field that an earlier one stored as an additional field.
                foreach (DictionaryEntry known in RequestData.GetEntries(entries).Where(entry => FieldNames.Find(entry.Key.ToString()!) is not null).ToArray())
                {
                    Set(FieldNames.Find(known.Key.ToString()!)!, known.Value);
                    entries.Remove(known.Key);
                }
            }

            _additional = RequestData.ReadAdditionalFields(entries);
        }
        catch (FaceGenException fault)
        {
            AddError(fault.Message);
        }
    }

    /// <summary>
    /// Starts the request inside a sidecar file. The values before it describe the generated image; only their seed is kept, as
    /// the default of the request's seed.
    /// </summary>
    internal void StartSidecarRequest()
    {
        object? seed = _values[RequestField.Seed.Index];
        ClearValues();
        _names.Clear();
        _columns.Clear();
        Set(RequestField.Seed, seed);
    }

    /// <summary>Adds an error of the whole row; its fields are not parsed.</summary>
    internal void AddError(string reason)
    {
        if (_errors.All(fault => fault.Message != reason)) _errors.Add(new FaceGenException(ErrorCode.RequestInvalid, reason));
    }

    /// <summary>Builds the row, valid or not, and clears all values for the next row.</summary>
    /// <param name="source">Where the row was read; null if it is not from a file or the pipeline.</param>
    /// <param name="newColumns">The columns that no row before this one has.</param>
    internal RequestRow Build(RequestSource? source, IReadOnlyList<string> newColumns)
    {
        Request? request = _errors.Count == 0 ? CreateRequest(source) : null;
        var row = new RequestRow(source, request, request is null ? CreateError(source) : null, newColumns);
        ClearValues();
        _names.Clear();
        _errors.Clear();
        _columns.Clear();
        _additional = RequestData.None<object?>();
        return row;
    }

    private Request? CreateRequest(RequestSource? source)
    {
        FieldValues values = FieldValues.Create(Read);
        return _errors.Count > 0 ? null : Request.Create(values) with
        {
            AdditionalFields = RequestData.Merge(Defaults.AdditionalFields, _additional, Overrides.AdditionalFields),
            Columns = _columns.Count == 0 ? RequestData.None<string>() : new JoinedDictionary<string>(new Dictionary<string, string>(_columns, _columns.Comparer)),
            Source = source,
        };
    }

    private FaceGenException CreateError(RequestSource? source)
    {
        // Some faults already say it, before their remedy.
        string consequence = _errors[_errors.Count - 1].Message.Contains(" sent.") ? "" : " The row was not sent.";
        return new FaceGenException(_errors[0].Code,
            $"{(source is null ? "" : $"{source}: ")}{string.Join(" ", _errors.Select(fault => fault.Message))}{consequence}", _errors[0]);
    }

    private void ClearValues() => Array.Clear(_values, 0, _values.Length);

    private object? Read(RequestField field)
    {
        try
        {
            return Read(field, Overrides[field]) ?? Read(field, _values[field.Index]) ?? Read(field, Defaults[field]) ?? (field.IsRequired ? throw field.CreateMissingError() : null);
        }
        catch (FaceGenException fault)
        {
            _errors.Add(fault);
            return null;
        }
    }

    private object? Read(RequestField field, object? raw) => raw is null ? null
        : field.Kind == FieldKind.Image ? FaceImageReader.Read(raw, parseFaceImage)
        : isStored ? field.ReadStored(raw)
        : field.Read(raw);
}
