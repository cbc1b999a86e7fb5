using System.Collections;
using System.Management.Automation;
using FaceGen.Contract;

namespace FaceGen.PowerShell.Parameters;

/// <summary>Reads rows that a pipeline brings, those of <c>Import-Csv</c> say, as the rows of a file are read.</summary>
/// <param name="resolveFace">Makes a full path of a face image's.</param>
internal sealed class RowReader(Func<string, string> resolveFace)
{
    private readonly RequestDraft _draft = new(text => FaceImage.FromText(text, resolveFace));
    private readonly HashSet<string> _told = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The request in a sidecar that was read by <c>ConvertFrom-Json</c>; null where the input is no sidecar.</summary>
    private static PSObject? FindRequest(PSObject input) =>
        IsRow(input) && Cells(input).FirstOrDefault(IsSidecarRequest).Value is { } request ? PSObject.AsPSObject(request) : null;

    /// <summary>True if PowerShell cannot bind all of it: it has no properties of its own, or names that only a person takes for the API's.</summary>
    internal static bool IsToBeRead(PSObject input) => input.BaseObject is IDictionary || FindRequest(input) is not null
        || (IsRow(input) && (IsWrapper(input) || input.Properties.Any(property => RequestField.Find(property.Name) is { } field && !field.HasName(property.Name))));

    /// <summary>Names of a row's columns, each told once, that the API does not have, nor anything else that takes them.</summary>
    internal IReadOnlyList<string> FindUnknown(PSObject input, Func<string, bool>? isTaken = null)
    {
        // Any other object has properties that nobody meant for the API, also where a file or Select-Object kept only these.
        bool isOwn = input.BaseObject is IDictionary
            || (IsRow(input) && input.TypeNames.FirstOrDefault()?.EndsWith(typeof(PSCustomObject).FullName!, StringComparison.Ordinal) == true);
        if (!isOwn || IsWrapper(input)) return [];

        IEnumerable<string> names = input.BaseObject is IDictionary entries
            ? entries.Keys.Cast<object>().Select(key => key.ToString()!)
            : input.Properties.Select(property => property.Name);
        return [.. names.Where(name => RequestField.Find(name) is null && !IsOfJob(name) && _told.Add(name) && isTaken?.Invoke(name) != true)];
    }

    /// <summary>Makes a row of an object's properties, of a hashtable's entries, or of a sidecar's request.</summary>
    /// <param name="input">The object.</param>
    /// <param name="row">Its number.</param>
    /// <param name="given">What holds instead of the row's own.</param>
    internal RequestRow Read(PSObject input, int row, IEnumerable<(RequestField Field, object? Value)>? given = null)
    {
        if (FindRequest(input) is { } request)
        {
            if (Cells(input).FirstOrDefault(cell => cell.Name == RequestField.Seed.Name).Value is { } seed) _draft.Set(RequestField.Seed, seed);
            input = request;
        }

        if (IsWrapper(input)) _draft.Refuse("The object holds an array of rows, as Windows PowerShell's ConvertTo-Json wraps it. Pipe its property 'value' in its place.");
        foreach ((string name, object? value) in Cells(input))
        {
            if (RequestField.Find(name) is not { } field) continue;

            _draft.AddName(field, name);
            Set(field, value);
        }

        foreach ((RequestField field, object? value) in given ?? []) Set(field, value);
        return _draft.Finish(new RequestSource("", 0, row), FindUnknown(input));
    }

    /// <summary>True for an object of a property 'value', which is an array, and its 'Count'.</summary>
    private static bool IsWrapper(PSObject input)
    {
        object? Value(string name) => Cells(input).FirstOrDefault(cell => cell.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;

        return IsRow(input) && Value("value") is { } rows && (rows is PSObject wrapped ? wrapped.BaseObject : rows) is IList && Value("Count") is not null;
    }

    private static bool IsRow(PSObject input) => input.BaseObject is PSCustomObject or IDictionary;

    /// <summary>Whether it is what a job adds to all that it gives.</summary>
    private static bool IsOfJob(string name) => name is "RunspaceId" or "PSComputerName" or "PSShowComputerName" or "PSSourceJobInstanceId";

    private static bool IsSidecarRequest((string Name, object? Value) cell) =>
        cell.Name == RequestDraft.InSidecar && cell.Value is not null && IsRow(PSObject.AsPSObject(cell.Value));

    private static IEnumerable<(string Name, object? Value)> Cells(PSObject input) => input.BaseObject is IDictionary entries
        ? entries.Cast<DictionaryEntry>().Select(entry => (entry.Key.ToString()!, (object?)entry.Value))
        : input.Properties.Where(property => property.IsGettable).Select(property => (property.Name, (object?)property.Value));

    private void Set(RequestField field, object? value)
    {
        switch (value is PSObject wrapped ? wrapped.BaseObject : value)
        {
            case FileInfo file: _draft.Set(field, file.FullName); break;
            case byte[] bytes: _draft.Set(field, Convert.ToBase64String(bytes)); break;
            case SwitchParameter flag: _draft.Set(field, flag.ToBool()); break;
            case PSCustomObject when field == RequestField.FaceImage && RevivedAttribute.FaceText((PSObject)value!) is { } text: _draft.Set(field, text); break;
            case FaceImage face: _draft.Set(field, face.FilePath ?? face.ToWireText()); break;
            case var other: _draft.Set(field, other); break;
        }
    }
}
