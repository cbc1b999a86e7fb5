using FaceGen.Core.Tests.Support;
using FaceGen.EmulatorHosting;

namespace FaceGen.Core.Tests.EmulatorHosting;

/// <summary>Tests which program starts the emulator: never one in the current folder.</summary>
public sealed class DotnetProgramTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Dictionary<string, string> _variables = [];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void StartInfo_names_dotnet_by_an_absolute_path()
    {
        System.Diagnostics.ProcessStartInfo info = EmulatorProcess.CreateStartInfo("emulator.dll", []);

        Assert.True(Path.IsPathFullyQualified(info.FileName), info.FileName);
        Assert.True(File.Exists(info.FileName), info.FileName);
        Assert.NotEqual(Environment.CurrentDirectory, Path.GetDirectoryName(info.FileName));
    }

    [Fact]
    public void StartInfo_does_not_run_the_emulator_in_the_current_folder()
    {
        string program = _folder.PathOf("emulator.dll");

        Assert.Equal(_folder.FullName, EmulatorProcess.CreateStartInfo(program, []).WorkingDirectory);
    }

    [Fact]
    public void Locate_ignores_relative_entries_of_path()
    {
        string program = Install("absolute");
        string relative = Path.GetRelativePath(Environment.CurrentDirectory, Path.GetDirectoryName(Install("relative"))!);
        Assert.True(File.Exists(Path.Combine(relative, DotnetProgram.FileName)));
        _variables["PATH"] = string.Join(Path.PathSeparator, "", ".", relative, relative + Path.DirectorySeparatorChar, Path.GetDirectoryName(program));

        Assert.Equal(program, Locate());
    }

    [Theory]
    [InlineData("DOTNET_ROOT")]
    [InlineData("PATH")]
    public void Locate_relative_folder_alone_is_refused(string variable)
    {
        _variables[variable] = Path.GetRelativePath(Environment.CurrentDirectory, Path.GetDirectoryName(Install("relative"))!);

        Assert.Equal(ErrorCode.EmulatorFailed, Assert.Throws<FaceGenException>(() => Locate()).Code);
    }

    [Fact]
    public void Locate_relative_host_path_alone_is_refused()
    {
        _variables["DOTNET_HOST_PATH"] = Path.GetRelativePath(Environment.CurrentDirectory, Install("relative"));

        Assert.Equal(ErrorCode.EmulatorFailed, Assert.Throws<FaceGenException>(() => Locate()).Code);
    }

    [Fact]
    public void Locate_without_program_lists_searched_paths_and_remedy()
    {
        _variables["PATH"] = string.Join(Path.PathSeparator, _folder.PathOf("one"), "relative", _folder.PathOf("two"));

        string message = Assert.Throws<FaceGenException>(() => Locate(usual: [_folder.PathOf("usual")])).Message;

        Assert.Contains("No emulator was started.", message, StringComparison.Ordinal);
        Assert.Contains("https://dot.net", message, StringComparison.Ordinal);
        Assert.Contains("DOTNET_ROOT", message, StringComparison.Ordinal);
        Assert.All(["one", "two", "usual"], name => Assert.Contains(Path.Combine(_folder.PathOf(name), DotnetProgram.FileName), message, StringComparison.Ordinal));
        Assert.DoesNotContain("relative" + Path.DirectorySeparatorChar, message, StringComparison.Ordinal);
    }

    [Fact]
    public void Locate_prefers_the_setting_then_the_process_then_its_framework_then_path_then_the_usual_folders()
    {
        string usual = Install("usual"), onPath = Install("path"), framework = Install("framework"), process = Install("process"), root = Install("root"), host = Install("host");
        string runtime = Path.Combine(_folder.PathOf("framework"), "shared", "Microsoft.NETCore.App", "10.0.1");
        Directory.CreateDirectory(runtime);

        Assert.Equal(usual, Locate(usual: [_folder.PathOf("usual")]));
        _variables["PATH"] = $"\"{_folder.PathOf("path")}\"";
        Assert.Equal(onPath, Locate(usual: [_folder.PathOf("usual")]));
        Assert.Equal(framework, Locate(runtime: runtime + Path.DirectorySeparatorChar));
        Assert.Equal(process, Locate(process, runtime));
        _variables["DOTNET_ROOT"] = _folder.PathOf("root");
        Assert.Equal(root, Locate(process, runtime));
        _variables["DOTNET_HOST_PATH"] = host;
        Assert.Equal(host, Locate(process, runtime));
    }

    [Fact]
    public void Locate_prefers_a_program_that_has_the_runtime()
    {
        Install("old", "8.0.1");
        string recent = Install("recent", "11.0.0");
        _variables["PATH"] = string.Join(Path.PathSeparator, _folder.PathOf("old"), _folder.PathOf("recent"));

        Assert.Equal(recent, Locate());
    }

    [Fact]
    public void Locate_follows_a_link_to_the_runtime()
    {
        Install("old", "8.0.1");
        string target = Install("root");
        string link = Path.Combine(_folder.PathOf("links"), DotnetProgram.FileName);
        Directory.CreateDirectory(_folder.PathOf("links"));
        File.CreateSymbolicLink(link, target);
        _variables["PATH"] = string.Join(Path.PathSeparator, _folder.PathOf("old"), _folder.PathOf("links"));

        Assert.Equal(link, Locate());
    }

    [Fact]
    public void Locate_without_a_runtime_anywhere_gives_the_first_program()
    {
        string first = Install("first", null);
        Install("second", "8.0.1");
        _variables["PATH"] = string.Join(Path.PathSeparator, _folder.PathOf("first"), _folder.PathOf("second"));

        Assert.Equal(first, Locate());
    }

    [Fact]
    public void Locate_ignores_a_process_and_a_setting_that_are_another_program()
    {
        string usual = Install("usual");
        string other = _folder.Write("pwsh", [1]);
        _variables["DOTNET_HOST_PATH"] = other;

        Assert.Equal(usual, Locate(other, usual: [_folder.PathOf("usual")]));
    }

    private string Locate(string? process = null, string runtime = "", string[]? usual = null) => new DotnetProgram
    {
        GetVariable = name => _variables.GetValueOrDefault(name),
        ProcessPath = process,
        RuntimeFolder = runtime,
        DefaultFolders = usual ?? [],
    }.Locate();

    private string Install(string folder, string? runtime = "10.0.0")
    {
        string root = _folder.PathOf(folder);
        Directory.CreateDirectory(root);
        if (runtime is not null) Directory.CreateDirectory(Path.Combine(root, "shared", "Microsoft.AspNetCore.App", runtime));
        return _folder.Write(Path.Combine(folder, DotnetProgram.FileName), [1]);
    }
}
