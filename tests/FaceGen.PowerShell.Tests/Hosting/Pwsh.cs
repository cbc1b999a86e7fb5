using System.Reflection;

namespace FaceGen.PowerShell.Tests.Hosting;

/// <summary>The PowerShell that the repository's tool manifest names, to run in processes of its own.</summary>
internal static class Pwsh
{
    /// <summary>Gets the program that runs it.</summary>
    internal static string Dotnet { get; } = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";

    /// <summary>Gets the arguments that start it without a profile; PowerShell's own follow.</summary>
    internal static string[] Bare { get; } = [Metadata("Pwsh"), "-NoLogo", "-NoProfile", "-ExecutionPolicy", "Bypass"];

    /// <summary>Gets the arguments that start it with the staged module imported, as <c>dotnet run --project src/FaceGen.Console</c> does.</summary>
    internal static string[] WithModule { get; } = [.. Bare, "-ConfigurationFile", Metadata("PwshSession")];

    /// <summary>Gets the arguments of <c>dotnet run --project src/FaceGen.Console</c> on what is built; the script and its own follow.</summary>
    internal static string[] Run { get; } =
        ["run", "--no-build", "--project", Path.Combine(Metadata("Root"), "src", "FaceGen.Console"), "--configuration", Metadata("Configuration"), "--"];

    private static string Metadata(string name) => Assembly.GetExecutingAssembly()
        .GetCustomAttributes<AssemblyMetadataAttribute>().Single(data => data.Key == name).Value!;
}
