using System.Text.Json;
using FaceGen.Contract;

namespace FaceGen.Batches.Requests;

/// <summary>
/// Reads requests from a JSON array of objects, from one object, or from an object around an array, as Windows PowerShell's
/// ConvertTo-Json and many web services write it: <c>{"value":[…],"Count":2}</c>. It holds one request at a time.
/// </summary>
internal sealed class JsonRequestReader
{
    private readonly Utf8Window _window;
    private readonly RequestRowBuilder _rows;
    private JsonReaderState _state = new(JsonRequestObject.Options);

    /// <summary>The line of what is being read.</summary>
    private int _line = 1;

    /// <summary>How deep the objects of the array are: 1 unless an object is around it.</summary>
    private int _depth = 1;

    private bool _hasBegun;

    private JsonRequestReader(RequestText text, RequestRowBuilder rows)
    {
        _window = new Utf8Window(text);
        _rows = rows;
    }

    private enum Step
    {
        Row,
        MoreNeeded,
        End,
    }

    /// <summary>Reads the rows one by one.</summary>
    /// <param name="text">The file, at its beginning.</param>
    /// <param name="rows">Makes the rows.</param>
    internal static IEnumerable<RequestRow> Read(RequestText text, RequestRowBuilder rows)
    {
        var reader = new JsonRequestReader(text, rows);
        while (reader.ReadRow()) yield return rows.Build(reader._line);
    }

    private bool ReadRow()
    {
        while (true)
        {
            switch (TryReadRow())
            {
                case Step.Row: return true;
                case Step.End: return false;
                default: _window.Extend(_line); break;
            }
        }
    }

    private Step TryReadRow()
    {
        try
        {
            if (!_hasBegun && !TryBegin()) return Step.MoreNeeded;

            // A reader does not outlive the window's bytes; what it must remember from row to row is its state.
            var reader = new Utf8JsonReader(_window.Bytes, _window.IsFinal, _state);
            while (reader.Read())
            {
                if (reader.CurrentDepth < _depth && reader.TokenType is JsonTokenType.StartArray or JsonTokenType.EndArray) continue;
                if (_depth == 2 && reader.CurrentDepth < _depth)
                {
                    // What follows the array does not belong to a request.
                    if (!reader.TrySkip()) return Step.MoreNeeded;
                    continue;
                }

                _line = _window.Line + LineBreaks.Count(_window.Bytes.Slice(0, (int)reader.TokenStartIndex));
                if (reader.CurrentDepth == 0 && reader.TokenType != JsonTokenType.StartObject)
                {
                    throw RequestFileFault.At(
                        _window.Path, _line, "The file must hold an array of objects, or one object");
                }

                if (!JsonRequestObject.TryTake(ref reader, _rows)) return Step.MoreNeeded;

                _state = reader.CurrentState;
                _window.Consume((int)reader.BytesConsumed);
                return Step.Row;
            }

            return _window.IsFinal ? Step.End : Step.MoreNeeded;
        }
        catch (JsonException e)
        {
            throw RequestFileFault.At(_window.Path, (int)(e.LineNumber ?? 0) + 1, JsonRequestObject.Explain(e), e);
        }
    }

    /// <summary>Moves into the array that an object is around, if there is one.</summary>
    /// <returns>False if the window does not show yet whether there is.</returns>
    private bool TryBegin()
    {
        var reader = new Utf8JsonReader(_window.Bytes, _window.IsFinal, _state);
        if (JsonRequestObject.FindArray(ref reader) is not { } found) return false;

        _hasBegun = true;
        if (!found) return true;

        _depth = 2;
        _state = reader.CurrentState;
        _window.Consume((int)reader.BytesConsumed);
        return true;
    }
}
