using System.Management.Automation;
using System.Runtime.InteropServices;
using FaceGen.Benchmarks.Running;

namespace FaceGen.Benchmarks.Hosting;

/// <summary>
/// This program with the engine compiled to machine code beforehand, as pwsh brings it: the engine's package holds only
/// what is compiled as it runs, which would be most of the time of a short command.
/// </summary>
internal static class CompiledEngine
{
    /// <summary>Makes it in a folder, with the SDK's own compiler; gives the program.</summary>
    /// <exception cref="BenchmarkException">The SDK could not compile it.</exception>
    internal static async Task<string> MakeAsync(string folder)
    {
        string engine = typeof(PSObject).Assembly.Location, program = Path.Combine(folder, "program");
        string project = Path.Combine(Directory.CreateDirectory(Path.Combine(folder, "engine")).FullName, "Engine.csproj");
        await File.WriteAllTextAsync(project, $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <TargetFramework>net{Environment.Version.ToString(2)}</TargetFramework>
                <RuntimeIdentifier>{RuntimeInformation.RuntimeIdentifier}</RuntimeIdentifier>
                <OutputType>Exe</OutputType>
                <SelfContained>false</SelfContained>
                <PublishReadyToRun>true</PublishReadyToRun>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="System.Management.Automation" Version="{Machine.EngineVersion}" />
              </ItemGroup>
            </Project>
            """);
        await File.WriteAllTextAsync(Path.Combine(folder, "engine", "Program.cs"), "return;");
        await ChildProcess.RunAsync("dotnet", "publish", project, "--output", Path.Combine(folder, "published"));

        foreach (string file in Directory.EnumerateFiles(AppContext.BaseDirectory, "*", SearchOption.AllDirectories))
        {
            string copy = Path.Combine(program, Path.GetRelativePath(AppContext.BaseDirectory, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file == engine ? Path.Combine(folder, "published", Path.GetFileName(engine)) : file, copy);
        }

        return Path.Combine(program, Path.GetFileName(typeof(CompiledEngine).Assembly.Location));
    }
}
