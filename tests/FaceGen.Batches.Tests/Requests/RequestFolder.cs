using System.Text;
using FaceGen.Batches.Requests;
using FaceGen.Contract;

namespace FaceGen.Batches.Tests.Requests;

/// <summary>A temporary folder with a face image and the request files of one test.</summary>
internal sealed class RequestFolder : IDisposable
{
    internal const string Face = "face.png";

    private const string FacePng =
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

    private readonly string _path = Directory.CreateTempSubdirectory("facegen-requests-").FullName;

    internal RequestFolder() => WriteBytes(Face, FaceBytes);

    internal static byte[] FaceBytes => Convert.FromBase64String(FacePng);

    internal string PathOf(string name) => Path.Combine(_path, name);

    internal string WriteBytes(string name, byte[] bytes)
    {
        string path = PathOf(name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    internal string Write(string name, string text, Encoding? encoding = null)
    {
        encoding ??= new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        return WriteBytes(name, [.. encoding.GetPreamble(), .. encoding.GetBytes(text)]);
    }

    /// <summary>Writes a file and reads its rows.</summary>
    internal IReadOnlyList<RequestRow> Rows(
        string name, string text, Encoding? encoding = null, RequestFileFormat? format = null, char? delimiter = null) =>
        [.. Open(Write(name, text, encoding), format, delimiter)];

    /// <summary>Writes a file of one row and reads the request.</summary>
    internal Request ReadRequest(string name, string text) => Assert.Single(Rows(name, text)).AssertValid();

    /// <summary>Writes a file of one invalid row and reads its error.</summary>
    internal FaceGenException ReadError(string name, string text) => Assert.Single(Rows(name, text)).AssertInvalid();

    /// <summary>Writes a file that cannot be read to its end; returns the rows before the error, and the error.</summary>
    internal (IReadOnlyList<RequestRow> Rows, FaceGenException Fault) ReadUntilError(
        string name, string text, char? delimiter = null)
    {
        (IReadOnlyList<RequestRow> rows, FaceGenException? fault) = TryReadAll(Write(name, text), delimiter);
        Assert.NotNull(fault);
        Assert.Equal(ErrorCode.RequestFileInvalid, fault.Code);
        return (rows, fault);
    }

    internal static (IReadOnlyList<RequestRow> Rows, FaceGenException? Fault) TryReadAll(
        string path, char? delimiter = null)
    {
        var rows = new List<RequestRow>();
        try
        {
            foreach (RequestRow row in Open(path, delimiter: delimiter)) rows.Add(row);
            return (rows, null);
        }
        catch (FaceGenException fault)
        {
            return (rows, fault);
        }
    }

    internal static IEnumerable<RequestRow> Open(string path, RequestFileFormat? format = null, char? delimiter = null, CommandValues? defaults = null, Encoding? encoding = null)
    {
        IRequestFileReader reader = new RequestFileReader();
        return reader.Read(path, format, delimiter, encoding, defaults ?? CommandValues.None);
    }

    public void Dispose() => Directory.Delete(_path, recursive: true);
}
