using FaceGen.Console.Sessions;

namespace FaceGen.Console.Tests.Sessions;

public sealed class StagedModuleTests
{
    [Fact]
    public void The_module_is_found_above_the_program()
    {
        using var folder = new TemporaryFolder();
        string manifest = folder.Write("artifacts/FaceGen/FaceGen.psd1", "@{}");

        Assert.Equal(manifest, StagedModule.Find(Path.Combine(folder.FullName, "artifacts", "bin", "debug")));
    }

    [Fact]
    public void A_module_that_is_not_staged_is_not_found()
    {
        using var folder = new TemporaryFolder();

        Assert.Null(StagedModule.Find(folder.FullName));
    }
}
