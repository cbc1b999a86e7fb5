using System.Text.Json;
using FaceGen.Contract;

namespace FaceGen.Batches.Requests;

/// <summary>Reads requests from a JSON array of objects, or from one object; it holds one of them at a time.</summary>
internal sealed class JsonRequestReader
{
    private readonly Utf8Window _window;
    private readonly RequestRowBuilder _rows;
    private JsonReaderState _state = new(JsonRequestObject.Options);

    /// <summary>The line of what is being read.</summary>
    private int _line = 1;

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
        // A reader does not outlive the window's bytes; what it must remember from row to row is its state.
        var reader = new Utf8JsonReader(_window.Bytes, _window.IsFinal, _state);
        try
        {
            while (reader.Read())
            {
                if (reader.CurrentDepth == 0 && reader.TokenType is JsonTokenType.StartArray or JsonTokenType.EndArray)
                    continue;

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
}
