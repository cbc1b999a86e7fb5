#if NETSTANDARD
using System.Reflection;
#endif

namespace FaceGen.PowerShell.Loading;

/// <summary>
/// Finds what the build for Windows PowerShell brings along, by simple name: that framework would insist on exact
/// versions. It is registered when the first cmdlet runs, since importing the module changes nothing in the process.
/// </summary>
internal static class DependencyResolver
{
    internal static void Register()
    {
#if NETSTANDARD
        AppDomain.CurrentDomain.AssemblyResolve += (_, wanted) => Resolve(new AssemblyName(wanted.Name));
#endif
    }

#if NETSTANDARD
    private static Assembly? Resolve(AssemblyName wanted)
    {
        string? file = new[] { ModuleFolder.Dependencies, ModuleFolder.Batches }
            .Select(folder => Path.Combine(folder, wanted.Name + ".dll"))
            .FirstOrDefault(File.Exists);
        return file is null ? null : Assembly.LoadFrom(file);
    }
#endif
}
