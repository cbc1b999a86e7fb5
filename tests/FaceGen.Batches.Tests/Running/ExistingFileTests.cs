using FaceGen.Batches.Running;

namespace FaceGen.Batches.Tests.Running;

/// <summary>A name that a file has already is found before a row is paid for, whichever of the row's images would get it.</summary>
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
}
