namespace FaceGen.Console.Input;

/// <summary>The lines entered before, to go back to.</summary>
internal sealed class LineHistory
{
    private readonly List<string> _lines = [];
    private int _at;
    private string _unfinished = "";

    /// <summary>Remembers a line, unless it is blank or the same as the one before, and goes to the end.</summary>
    internal void Add(string line)
    {
        if (!string.IsNullOrWhiteSpace(line) && (_lines.Count == 0 || _lines[^1] != line))
            _lines.Add(line);
        _at = _lines.Count;
    }

    /// <summary>One line back; the line being typed is kept for the way forth.</summary>
    internal string Previous(string current)
    {
        if (_at == _lines.Count)
            _unfinished = current;
        if (_at == 0)
            return current;
        return _lines[--_at];
    }

    /// <summary>One line forth, at last the one that was being typed.</summary>
    internal string Next(string current)
    {
        if (_at == _lines.Count)
            return current;
        return ++_at == _lines.Count ? _unfinished : _lines[_at];
    }
}
