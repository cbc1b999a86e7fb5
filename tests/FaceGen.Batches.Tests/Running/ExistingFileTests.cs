using FaceGen.Batches.Running;
using FaceGen.Core.Tests.Support;

namespace FaceGen.Batches.Tests.Running;

/// <summary>
/// A name that cannot be used is found before a row is paid for: one that a file has already, whichever of the row's images would get it,
/// and one that is too long.
/// </summary>
public sealed class ExistingFileTests : IDisposable
{
    private readonly BatchFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Theory]
    [InlineData("1-1.png", true)]
    [InlineData("1-2.png", true)]
    [InlineData("1-3.png", false)]
    public async Task Plan_names_existing_file(string file, bool exists)
    {
        Directory.CreateDirectory(_fixture.OutputFolder);
        File.WriteAllBytes(Path.Combine(_fixture.OutputFolder, file), [1]);
        Request request = BatchFixture.Request("a pilot") with { Samples = 2 };

        await using Batch batch = await _fixture.OpenAsync([]);
        await batch.AddAsync([request], _fixture.Save("{row}-{index}"), default);
        BatchPlan plan = await batch.PlanAsync(default, default);

        Assert.Equal(exists ? Path.Combine(_fixture.OutputFolder, file) : null, plan.ExistingFile?.Path);
    }

    [Fact]
    public async Task Path_too_long_is_found_before_submission()
    {
        // No system allows 34,000 characters.
        string name = string.Join('/', Enumerable.Repeat(new string('x', 199), 170)) + "/{id}";
        await using Batch batch = await _fixture.OpenAsync([]);

        FaceGenException error = await TaskAssertions.GetErrorAsync(Task.Run(() => batch.AddAsync([BatchFixture.Request("a pilot")], _fixture.Save(name), default)));

        Assert.Equal(ErrorCode.FileNameInvalid, error.Code);
        Assert.StartsWith("people.csv:2: The path '", error.Message, StringComparison.Ordinal);
    }
}
