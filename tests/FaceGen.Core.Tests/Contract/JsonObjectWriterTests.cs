using System.Text;
using System.Text.Json;
using FaceGen.Contract;

namespace FaceGen.Core.Tests.Contract;

public sealed class JsonObjectWriterTests
{
    /// <summary>Tests the texts that every target framework must write; .NET writes them by default.</summary>
    [Theory]
    [InlineData(0.1, "0.1")]
    [InlineData(1.1, "1.1")]
    [InlineData(7.5, "7.5")]
    [InlineData(0.84551240822557006, "0.8455124082255701")]
    public void Number_shortest_form_parses_back(double number, string text)
    {
        string json = Encoding.UTF8.GetString(JsonObjectWriter.Write(writer => writer.WriteShortestNumber("n", number)));

        Assert.Equal($$"""{"n":{{text}}}""", json);
        Assert.Equal(number, JsonDocument.Parse(json).RootElement.GetProperty("n").GetDouble());
    }
}
