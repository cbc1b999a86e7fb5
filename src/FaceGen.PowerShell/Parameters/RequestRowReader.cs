using System.Collections;
using System.Data;
using System.Globalization;
using System.Management.Automation;
using FaceGen.Contract;

namespace FaceGen.PowerShell.Parameters;

/// <summary>
/// Reads the request of a pipeline input: a request, a generation, a row of a batch, a row of <c>Import-Csv</c>, a hashtable, a sidecar
/// of <c>ConvertFrom-Json</c>, a file, a prompt, or any of these after serialization.
/// </summary>
/// <param name="resolveFacePath">Returns the full path of a face image.</param>
internal sealed class RequestRowReader(Func<string, string> resolveFacePath)
{
    /// <summary>The maximum depth of an additional field.</summary>
    private const int MaxDepth = 32;

    private readonly RequestBuilder _builder = new(text => FaceImage.Parse(text, resolveFacePath));
    private readonly HashSet<string> _reportedColumns = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Gets or sets the values of inputs that give none of their own.</summary>
    internal CommandValues Defaults { get => _builder.Defaults; set => _builder.Defaults = value; }

    /// <summary>True if a request without a source gets the number of its input as its source.</summary>
    internal bool NumbersRequests { get; init; }

    /// <summary>Gets or sets the values that replace those of inputs.</summary>
    internal CommandValues Overrides { get => _builder.Overrides; set => _builder.Overrides = value; }

    /// <summary>Returns the object that PowerShell has wrapped; text or a link instead of a deserialized face image.</summary>
    internal static object? Unwrap(object? value) => value is not PSObject wrapped ? value
        : wrapped.BaseObject is PSCustomObject ? GetFaceText(wrapped) ?? (object)wrapped
        : wrapped.BaseObject;

    /// <summary>Reads an input.</summary>
    /// <param name="input">The input; null if the values of the command are the whole request.</param>
    /// <param name="number">The number of the input, from 1.</param>
    internal RequestRow Read(PSObject? input, int number)
    {
        if (input is null) return _builder.Build(null, []);

        var inputSource = new RequestSource("", 0, number);
        RequestSource source = inputSource;
        List<string> newColumns = [];
        switch (input.BaseObject)
        {
            case Request request:
                source = SetAll(request) ?? source;
                break;
            case BatchItem item:
                source = SetAll(item.Request) ?? source;
                break;
            case Generation { Request: { } request }:
                source = SetAll(request) ?? source;
                break;
            case Generation:
                break;
            case string prompt:
                _builder.Set(RequestField.Prompt, prompt);
                break;
            case FileInfo or SavedImage or FaceImage or byte[]:
                _builder.Set(RequestField.FaceImage, input.BaseObject);
                break;
            case PSCustomObject when IsDeserialized<SavedImage>(input):
                _builder.Set(RequestField.FaceImage, GetFaceText(input));
                break;
            case PSCustomObject when IsDeserialized<BatchItem>(input) || IsDeserialized<Generation>(input):
                if (GetValue(input, "Request") is PSObject { BaseObject: PSCustomObject } inner) SetCells(inner, GetCells(inner));
                source = ReadSource(GetValue(input, "Request")) ?? ReadSource(input) ?? source;
                break;
            case PSCustomObject when IsDeserialized<Request>(input):
                SetCells(input, GetCells(input));
                source = ReadSource(input) ?? source;
                break;
            case ValueType when Overrides[RequestField.Prompt] is null && Defaults[RequestField.Prompt] is null:
                _builder.AddError($"The input is a value of the type {input.BaseObject.GetType().Name}, not a prompt, a row or an image. Nothing was sent. If it is the prompt, pipe it as text: '{input}'.");
                break;
            default:
                newColumns = SetRow(input);
                break;
        }

        RequestRow row = _builder.Build(source, newColumns);
        bool isNumbered = NumbersRequests || !ReferenceEquals(source, inputSource) || input.BaseObject is not (Request or BatchItem or Generation);
        return isNumbered || row.Request is null ? row : row with { Request = row.Request with { Source = null } };
    }

    /// <summary>True if an object is a deserialized one of a type.</summary>
    internal static bool IsDeserialized<T>(PSObject input) => input.TypeNames.Contains($"Deserialized.{typeof(T).FullName}");

    /// <summary>Returns the file and line of a deserialized request; null if it has none.</summary>
    internal static RequestSource? ReadSource(object? deserialized) =>
        deserialized is PSObject owner && GetValue(owner, "Source") is PSObject source
            && GetValue(source, "Row") is { } number && LanguagePrimitives.TryConvertTo(number, CultureInfo.InvariantCulture, out int row)
            ? new RequestSource(GetValue(source, "File")?.ToString() ?? "", LanguagePrimitives.TryConvertTo(GetValue(source, "Line"), CultureInfo.InvariantCulture, out int line) ? line : 0, row)
            : null;

    /// <summary>Returns a deserialized request with the values that can still be read: a value must not prevent saving a paid generation.</summary>
    internal static Request? ReadDeserialized(PSObject deserialized, PSObject owner)
    {
        var builder = new RequestBuilder(text => Uri.TryCreate(text, UriKind.Absolute, out Uri? link) && !link.IsFile ? FaceImage.Parse(text, path => path) : FaceImage.FromUncheckedFile(text), isStored: true);
        foreach ((string name, object? value) in GetCells(deserialized))
        {
            if (FieldNames.Find(name) is { } field && CanRead(field, Unwrap(value))) builder.Set(field, Unwrap(value));
            else SetData(builder, name, value);
        }

        return builder.Build(ReadSource(deserialized) ?? ReadSource(owner), []).Request;
    }

    private static bool CanRead(RequestField field, object? value)
    {
        try
        {
            return field.Kind == FieldKind.Image || field.ReadStored(value) is not null;
        }
        catch (FaceGenException)
        {
            // A script has changed the value.
            return false;
        }
    }

    private RequestSource? SetAll(Request request)
    {
        _builder.SetAll(request);
        return request.Source;
    }

    /// <summary>Sets the values of a row or an object with properties. Returns the columns that no row before this one has.</summary>
    private List<string> SetRow(PSObject input)
    {
        (string Name, object? Value)[] cells = [.. GetCells(input)];
        object? Get(string name) => cells.FirstOrDefault(cell => cell.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;

        if (!IsRow(input)) return SetCells(input, cells);

        // A row can have a column of this name; only a sidecar has the request beside the data of its image.
        if (Get(RequestBuilder.SidecarHash) is not null && Get(RequestBuilder.SidecarProperty) is { } value && PSObject.AsPSObject(value) is var request && IsRow(request))
        {
            _builder.Set(RequestField.Seed, Get(RequestField.Seed.Name));
            return SetCells(request, GetCells(request));
        }

        if (Get("Count") is null || Get("value") is not { } rows || PSObject.AsPSObject(rows).BaseObject is not IList) return SetCells(input, cells);

        _builder.AddError("The object contains an array of rows in its property 'value', as ConvertTo-Json of Windows PowerShell writes it. Nothing was sent. Pipe the property 'value' instead.");
        return [];
    }

    private List<string> SetCells(PSObject input, IEnumerable<(string Name, object? Value)> cells)
    {
        List<string> newColumns = [];
        // The properties of other objects are not columns.
        bool hasColumns = input.BaseObject is IDictionary or DataRow
            || (IsRow(input) && input.TypeNames.FirstOrDefault()?.EndsWith(typeof(PSCustomObject).FullName!, StringComparison.Ordinal) == true);
        object? fullName = null;
        bool hasFace = false;
        (string Name, object? Value)[] all = [.. cells];
        bool isExportedRequest = RequestData.IsExportedRequest([.. all.Select(cell => cell.Name)]);
        foreach ((string name, object? value) in all)
        {
            if (FieldNames.Find(name) is { } field)
            {
                _builder.AddName(field, name);
                object? raw = Unwrap(value);
                _builder.Set(field, raw is SwitchParameter flag ? flag.ToBool() : raw);
                hasFace |= field == RequestField.FaceImage;
            }
            else if (!SetData(_builder, name, value))
            {
                if (name.Equals("FullName", StringComparison.OrdinalIgnoreCase)) fullName = Unwrap(value);
                if (!hasColumns || (isExportedRequest && RequestData.IsRequestData(name)) || IsJobProperty(name) || (input.BaseObject is DataRow row && !row.Table.Columns.Contains(name)) || value is FaceGenException) continue;

                _builder.SetColumn(name, FormatCell(value));
                if (_reportedColumns.Add(name)) newColumns.Add(name);
            }
        }

        // A deserialized file, or a row of one.
        if (!hasFace && Overrides[RequestField.FaceImage] is null && Defaults[RequestField.FaceImage] is null) _builder.Set(RequestField.FaceImage, fullName);
        return newColumns;
    }

    /// <summary>Sets the additional fields or the columns of a request. Returns false if the property has another name.</summary>
    private static bool SetData(RequestBuilder builder, string name, object? value)
    {
        object? data = value is PSObject wrapped ? wrapped.BaseObject : value;
        if (data is not IDictionary and not PSCustomObject)
        {
            if (data is null or string && builder.TrySetData(name, data as string ?? "")) return true;
            if (!RequestData.IsAdditionalFields(name)) return false;

            builder.AddError(RequestData.AdditionalFieldsError);
            return true;
        }

        Dictionary<string, object?> entries = GetCells(PSObject.AsPSObject(value!)).GroupBy(cell => cell.Name).ToDictionary(cells => cells.Key, cells => cells.Last().Value);
        if (RequestData.IsAdditionalFields(name)) builder.SetAdditionalFields(entries.ToDictionary(entry => entry.Key, entry => ToPlain(entry.Value)));
        else if (RequestData.IsColumns(name)) foreach (KeyValuePair<string, object?> column in entries) builder.SetColumn(column.Key, FormatCell(column.Value));
        else return false;
        return true;
    }

    /// <summary>Returns an object without the wrappers of PowerShell: a hashtable for an object with properties.</summary>
    internal static object? ToPlain(object? value, int depth = 0) => value switch
    {
        // An object can contain itself; the reader of the value refuses so many levels.
        _ when depth > MaxDepth => value,
        PSObject { BaseObject: PSCustomObject } flat => GetCells(flat).ToDictionary(cell => cell.Name, cell => ToPlain(cell.Value, depth + 1)),
        PSObject wrapped => ToPlain(wrapped.BaseObject, depth),
        IDictionary entries => RequestData.GetEntries(entries).ToDictionary(entry => entry.Key.ToString()!, entry => ToPlain(entry.Value, depth + 1)),
        string => value,
        IEnumerable items => items.Cast<object?>().Select(item => ToPlain(item, depth + 1)).ToArray(),
        _ => value,
    };

    private static string FormatCell(object? value) => LanguagePrimitives.TryConvertTo(value, CultureInfo.InvariantCulture, out string text) ? text ?? "" : "";

    private static bool IsRow(PSObject input) => input.BaseObject is PSCustomObject or IDictionary;

    /// <summary>True for the properties that a job adds to its output.</summary>
    private static bool IsJobProperty(string name) => name is "RunspaceId" or "PSComputerName" or "PSShowComputerName" or "PSSourceJobInstanceId";

    private static IEnumerable<(string Name, object? Value)> GetCells(PSObject input) => input.BaseObject is IDictionary entries
        ? RequestData.GetEntries(entries).Select(entry => (entry.Key.ToString()!, (object?)entry.Value))
        : input.Properties.Where(property => property.IsGettable).Select(property => (property.Name, GetPropertyValue(property)));

    /// <summary>Returns the value of a property; the error of one that throws, which is reported if a field has its name.</summary>
    private static object? GetPropertyValue(PSPropertyInfo property)
    {
        try
        {
            return property.Value;
        }
        catch (GetValueException e)
        {
            return new FaceGenException(ErrorCode.RequestInvalid, $"The property '{InvisibleCharacters.Escape(property.Name, 60)}' cannot be read: {DisplayText.Clean(e.Message, 300).TrimEnd('.')}. The row was not sent. Correct the property.", e);
        }
    }

    private static object? GetValue(PSObject deserialized, string name) => deserialized.Properties[name]?.Value;

    /// <summary>
    /// Returns the link or path of an object with the properties of a face image or a file, or the text of a face image that was given as
    /// bytes; null for any other object.
    /// </summary>
    private static string? GetFaceText(PSObject deserialized) =>
        FaceImageReader.FindText(name => GetValue(deserialized, name)?.ToString()) ?? (IsDeserialized<FaceImage>(deserialized) ? deserialized.ToString() : null);
}
