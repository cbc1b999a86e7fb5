using System.Management.Automation;
using FaceGen.Contract;
using FaceGen.PowerShell.Parameters;

namespace FaceGen.PowerShell.Pipeline;

/// <summary>Turns what the pipeline brings into the rows of a batch.</summary>
/// <param name="rowReader">Reads rows such as those of Import-Csv.</param>
/// <param name="readFiles">Reads request files by their path; the second argument is true for a literal path.</param>
internal sealed class BatchInputReader(PipelineRowReader rowReader, Func<string, bool, IEnumerable<RequestRow>> readFiles)
{
    private int _inputCount;

    /// <summary>Returns the rows of an input, each with the target object of its error.</summary>
    internal IEnumerable<(RequestRow Row, object Target)> Read(PSObject input)
    {
        _inputCount++;
        return input.BaseObject switch
        {
            string path => readFiles(path, false).Select(row => (row, (object)row.Source)),
            FileInfo file => readFiles(file.FullName, true).Select(row => (row, (object)row.Source)),
            Request request => [(Validate(request), request)],
            BatchItem item => [(Validate(item.Request), item.Request)],
            Generation { Request: { } request } => [(Validate(request), request)],
            _ => [(rowReader.Read(input, _inputCount), input)],
        };
    }

    /// <summary>Validates a request that a script may have changed.</summary>
    private RequestRow Validate(Request request)
    {
        // The number is not stored in the request, where it would name a file as a row of another input does.
        var source = request.Source ?? new RequestSource("", 0, _inputCount);
        try
        {
            return new RequestRow(source, request.Validate(), null, []);
        }
        catch (FaceGenException e)
        {
            return new RequestRow(source, null, request.Source is null ? (FaceGenException)ErrorRecordFactory.WithRow(e, source) : e, []);
        }
    }
}
