using System.Collections;
using System.Management.Automation;
using FaceGen.Contract;

namespace FaceGen.PowerShell.Parameters;

/// <summary>Reads rows from the pipeline, such as those of <c>Import-Csv</c>, like the rows of a file.</summary>
/// <param name="resolveFacePath">Returns the full path of a face image.</param>
internal sealed class PipelineRowReader(Func<string, string> resolveFacePath)
{
    private readonly RequestBuilder _draft = new(text => FaceImage.Parse(text, resolveFacePath));
    private readonly HashSet<string> _reportedColumns = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Returns the request in a sidecar that <c>ConvertFrom-Json</c> has read; null if the input is not a sidecar.</summary>
    private static PSObject? FindSidecarRequest(PSObject input) =>
        IsRow(input) && GetCells(input).FirstOrDefault(IsSidecarRequest).Value is { } request ? PSObject.AsPSObject(request) : null;

    /// <summary>True if PowerShell cannot bind the row: it is a dictionary or a sidecar, or has headings such as "Face Image".</summary>
    internal static bool RequiresReader(PSObject input) => input.BaseObject is IDictionary || FindSidecarRequest(input) is not null
        || (IsRow(input) && (IsArrayWrapper(input) || input.Properties.Any(property => RequestField.Find(property.Name) is { } field && !field.HasName(property.Name))));

    /// <summary>Returns the columns of a row that neither the API nor a parameter has, each only once.</summary>
    internal IReadOnlyList<string> FindUnknownColumns(PSObject input, Func<string, bool>? isBound = null)
    {
        // Properties of other objects, deserialized or selected ones too, are not columns.
        bool isOwn = input.BaseObject is IDictionary
            || (IsRow(input) && input.TypeNames.FirstOrDefault()?.EndsWith(typeof(PSCustomObject).FullName!, StringComparison.Ordinal) == true);
        if (!isOwn || IsArrayWrapper(input)) return [];

        IEnumerable<string> names = input.BaseObject is IDictionary entries
            ? entries.Keys.Cast<object>().Select(key => key.ToString()!)
            : input.Properties.Select(property => property.Name);
        return [.. names.Where(name => RequestField.Find(name) is null && !IsJobProperty(name) && _reportedColumns.Add(name) && isBound?.Invoke(name) != true)];
    }

    /// <summary>Reads the properties of an object, the entries of a dictionary, or the request of a sidecar.</summary>
    /// <param name="input">The object.</param>
    /// <param name="rowNumber">The number of the row.</param>
    /// <param name="overrides">The values that replace those of the row.</param>
    internal RequestRow Read(PSObject input, int rowNumber, IEnumerable<(RequestField Field, object? Value)>? overrides = null)
    {
        if (FindSidecarRequest(input) is { } request)
        {
            if (GetCells(input).FirstOrDefault(cell => cell.Name == RequestField.Seed.Name).Value is { } seed) _draft.Set(RequestField.Seed, seed);
            input = request;
        }

        if (IsArrayWrapper(input)) _draft.AddError("The object contains an array of rows in its property 'value', as ConvertTo-Json of Windows PowerShell writes it. Pipe the property 'value' instead.");
        foreach ((string name, object? value) in GetCells(input))
        {
            if (RequestField.Find(name) is not { } field) continue;

            _draft.AddName(field, name);
            SetField(field, value);
        }

        foreach ((RequestField field, object? value) in overrides ?? []) SetField(field, value);
        return _draft.Build(new RequestSource("", 0, rowNumber), FindUnknownColumns(input));
    }

    /// <summary>True for an object with an array in its property 'value', and a 'Count'.</summary>
    private static bool IsArrayWrapper(PSObject input)
    {
        object? Value(string name) => GetCells(input).FirstOrDefault(cell => cell.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;

        return IsRow(input) && Value("value") is { } rows && (rows is PSObject wrapped ? wrapped.BaseObject : rows) is IList && Value("Count") is not null;
    }

    private static bool IsRow(PSObject input) => input.BaseObject is PSCustomObject or IDictionary;

    /// <summary>True for the properties that a job adds to its output.</summary>
    private static bool IsJobProperty(string name) => name is "RunspaceId" or "PSComputerName" or "PSShowComputerName" or "PSSourceJobInstanceId";

    private static bool IsSidecarRequest((string Name, object? Value) cell) =>
        cell.Name == RequestBuilder.SidecarProperty && cell.Value is not null && IsRow(PSObject.AsPSObject(cell.Value));

    private static IEnumerable<(string Name, object? Value)> GetCells(PSObject input) => input.BaseObject is IDictionary entries
        ? entries.Cast<DictionaryEntry>().Select(entry => (entry.Key.ToString()!, (object?)entry.Value))
        : input.Properties.Where(property => property.IsGettable).Select(property => (property.Name, (object?)property.Value));

    private void SetField(RequestField field, object? value)
    {
        switch (value is PSObject wrapped ? wrapped.BaseObject : value)
        {
            case FileInfo file: _draft.Set(field, file.FullName); break;
            case byte[] bytes: _draft.Set(field, Convert.ToBase64String(bytes)); break;
            case SwitchParameter flag: _draft.Set(field, flag.ToBool()); break;
            case PSCustomObject when field == RequestField.FaceImage && DeserializedAttribute.GetFaceText((PSObject)value!) is { } text: _draft.Set(field, text); break;
            case FaceImage face: _draft.Set(field, face.FilePath ?? face.ToApiValue()); break;
            case var other: _draft.Set(field, other); break;
        }
    }
}
