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
    private readonly RequestRowBuilder _builder;
    private JsonReaderState _state = new(JsonRequestObject.Options);

    /// <summary>The line of what is being read.</summary>
    private int _line = 1;

    /// <summary>How deep the objects of the array are: 1 unless an object is around it.</summary>
    private int _rowDepth = 1;

    private bool _hasStarted;

    private JsonRequestReader(LookaheadTextReader text, RequestRowBuilder builder)
    {
        _window = new Utf8Window(text);
        _builder = builder;
    }

    private enum ReadResult
    {
        Row,
        MoreNeeded,
        End,
    }

    /// <summary>Reads the rows one by one.</summary>
    /// <param name="text">The file, at its beginning.</param>
    /// <param name="builder">Makes the rows.</param>
    internal static IEnumerable<RequestRow> Read(LookaheadTextReader text, RequestRowBuilder builder)
    {
        var reader = new JsonRequestReader(text, builder);
        while (reader.ReadRow()) yield return builder.Build(reader._line);
    }

    private bool ReadRow()
    {
        while (true)
        {
            switch (TryReadRow())
            {
                case ReadResult.Row: return true;
                case ReadResult.End: return false;
                default: _window.Extend(_line); break;
            }
        }
    }

    private ReadResult TryReadRow()
    {
        try
        {
            if (!_hasStarted && !TryStart()) return ReadResult.MoreNeeded;

            // A reader does not outlive the window's bytes; what it must remember from row to row is its state.
            var reader = new Utf8JsonReader(_window.Bytes, _window.IsFinal, _state);
            while (reader.Read())
            {
                if (reader.CurrentDepth < _rowDepth && reader.TokenType is JsonTokenType.StartArray or JsonTokenType.EndArray) continue;
                if (_rowDepth == 2 && reader.CurrentDepth < _rowDepth)
                {
                    // What follows the array does not belong to a request.
                    if (!reader.TrySkip()) return ReadResult.MoreNeeded;
                    continue;
                }

                _line = _window.Line + LineBreaks.Count(_window.Bytes.Slice(0, (int)reader.TokenStartIndex));
                if (reader.CurrentDepth == 0 && reader.TokenType != JsonTokenType.StartObject)
                {
                    throw RequestFileError.AtLine(
                        _window.Path, _line, "The file must hold an array of objects, or one object");
                }

                if (!JsonRequestObject.TryRead(ref reader, _builder)) return ReadResult.MoreNeeded;

                _state = reader.CurrentState;
                _window.Consume((int)reader.BytesConsumed);
                return ReadResult.Row;
            }

            return _window.IsFinal ? ReadResult.End : ReadResult.MoreNeeded;
        }
        catch (JsonException e)
        {
            throw RequestFileError.AtLine(_window.Path, (int)(e.LineNumber ?? 0) + 1, JsonRequestObject.Describe(e), e);
        }
    }

    /// <summary>Moves into the array that an object is around, if there is one.</summary>
    /// <returns>False if the window does not show yet whether there is.</returns>
    private bool TryStart()
    {
        var reader = new Utf8JsonReader(_window.Bytes, _window.IsFinal, _state);
        if (JsonRequestObject.FindArray(ref reader) is not { } found) return false;

        _hasStarted = true;
        if (!found) return true;

        _rowDepth = 2;
        _state = reader.CurrentState;
        _window.Consume((int)reader.BytesConsumed);
        return true;
    }
}
