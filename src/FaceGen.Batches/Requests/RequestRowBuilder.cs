using FaceGen.Contract;

namespace FaceGen.Batches.Requests;

/// <summary>Makes one file's rows of the values that the readers of the formats find.</summary>
/// <param name="file">The file's full path.</param>
internal sealed class RequestRowBuilder(string file)
{
    /// <summary>A file with more names than these is no request file at all; the rest goes untold.</summary>
    private const int MaxUnknownNames = 100;

    private readonly RequestBuilder _draft = new(new FaceImageCache(Path.GetDirectoryName(file) ?? "").Read);
    private readonly HashSet<string> _reportedUnknown = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<string> _unknown = [];
    private int _row;

    /// <summary>Takes a field's text, number or truth value.</summary>
    internal void Set(RequestField field, object value) => _draft.Set(field, value);

    /// <inheritdoc cref="RequestBuilder.AddName"/>
    internal void AddName(RequestField field, string name) => _draft.AddName(field, name);

    /// <inheritdoc cref="RequestBuilder.ClearNames"/>
    internal void ClearNames() => _draft.ClearNames();

    /// <summary>Takes that a field is not given, whatever was taken for it before.</summary>
    internal void SetNull(RequestField field) => _draft.Set(field, null);

    /// <summary>Takes what no field can have, in words that follow "not".</summary>
    internal void SetUnusable(RequestField field, string description) => _draft.SetInvalid(field, description);

    /// <summary>Notes a name that the API does not have; each is told once.</summary>
    internal void AddUnknownName(string name)
    {
        if (_reportedUnknown.Count == MaxUnknownNames || _reportedUnknown.Contains(name)) return;

        string shown = InvisibleCharacters.Escape(name, 60);
        if (_reportedUnknown.Add(shown)) _unknown.Add(shown);
    }

    /// <summary>Takes what follows as a sidecar's request; what came before tells of its image.</summary>
    internal void BeginSidecar()
    {
        _draft.StartSidecarRequest();
        _reportedUnknown.ExceptWith(_unknown);
        _unknown.Clear();
    }

    /// <summary>Refuses the row as a whole.</summary>
    /// <param name="reason">A sentence.</param>
    internal void Refuse(string reason) => _draft.AddError(reason);

    /// <summary>Finishes the row.</summary>
    /// <param name="line">The line on which it begins.</param>
    internal RequestRow Build(int line) => _draft.Build(new RequestSource(file, line, ++_row), RemoveUnknownNames());

    private string[] RemoveUnknownNames()
    {
        if (_unknown.Count == 0) return [];

        string[] taken = [.. _unknown];
        _unknown.Clear();
        return taken;
    }
}
