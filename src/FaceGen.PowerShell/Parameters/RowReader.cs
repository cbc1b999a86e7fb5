using System.Collections;
using System.Management.Automation;
using FaceGen.Contract;

namespace FaceGen.PowerShell.Parameters;

/// <summary>Reads rows that a pipeline brings, those of <c>Import-Csv</c> say, as the rows of a file are read.</summary>
/// <param name="resolveFace">Makes a full path of a face image's.</param>
internal sealed class RowReader(Func<string, string> resolveFace)
{
    private readonly RequestDraft _draft = new(text => FaceImage.FromText(text, resolveFace));
    private readonly Dictionary<RequestField, string> _names = [];
    private readonly HashSet<string> _knownUnknown = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Makes a row of an object's properties, or of a hashtable's entries.</summary>
    internal RequestRow Read(PSObject input, int row)
    {
        bool isRow = input.BaseObject is PSCustomObject or IDictionary;
        List<string> unknown = [];
        foreach ((string name, object? value) in Cells(input))
        {
            // Any other object has properties that nobody meant for the API.
            if (RequestField.Find(name) is { } field) Set(field, name, value);
            else if (isRow && _knownUnknown.Add(name)) unknown.Add(name);
        }

        _names.Clear();
        return _draft.Finish(new RequestSource("", 0, row), unknown);
    }

    private static IEnumerable<(string Name, object? Value)> Cells(PSObject input) => input.BaseObject is IDictionary entries
        ? entries.Cast<DictionaryEntry>().Select(entry => (entry.Key.ToString()!, (object?)entry.Value))
        : input.Properties.Where(property => property.IsGettable).Select(property => (property.Name, (object?)property.Value));

    private void Set(RequestField field, string name, object? value)
    {
        if (_names.TryGetValue(field, out string? before)) _draft.Refuse($"'{before}' and '{name}' both mean '{field.Name}'.");
        _names[field] = name;

        switch (value is PSObject wrapped ? wrapped.BaseObject : value)
        {
            case string text: _draft.SetText(field, text); break;
            case FileInfo file: _draft.Set(field, file.FullName); break;
            case byte[] bytes: _draft.Set(field, Convert.ToBase64String(bytes)); break;
            case SwitchParameter flag: _draft.Set(field, flag.ToBool()); break;
            case FaceImage face: _draft.Set(field, face.FilePath ?? face.ToWireText()); break;
            case var other: _draft.Set(field, other); break;
        }
    }
}
