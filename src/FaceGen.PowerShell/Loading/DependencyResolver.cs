#if NETSTANDARD
using System.Reflection;
#endif

namespace FaceGen.PowerShell.Loading;

/// <summary>
/// Finds what the build for Windows PowerShell brings along, by simple name: that framework would insist on exact
/// versions. It is registered when the first cmdlet runs, since importing the module changes nothing in the process, and
/// answers nothing that another module asks for.
/// </summary>
internal static class DependencyResolver
{
    internal static void Register()
    {
#if NETSTANDARD
        AppDomain.CurrentDomain.AssemblyResolve += (_, wanted) => Resolve(wanted.RequestingAssembly, new AssemblyName(wanted.Name));
#endif
    }

#if NETSTANDARD
    /// <summary>Returns an assembly of the module; null where somebody else asks, or the module does not bring it.</summary>
    /// <param name="requesting">The assembly that asks; null where it is not known.</param>
    /// <param name="requested">What it asks for.</param>
    internal static Assembly? Resolve(Assembly? requesting, AssemblyName requested)
    {
        if (!(requesting is null ? IsModuleName(requested.Name) : IsModuleAssembly(requesting))) return null;

        string? file = new[] { ModuleFolder.Dependencies, ModuleFolder.Batches }
            .Select(folder => Path.Combine(folder, requested.Name + ".dll"))
            .FirstOrDefault(File.Exists);
        return file is null ? null : Assembly.LoadFrom(file);
    }

    private static bool IsModuleName(string? name) => name is not null && name.StartsWith("FaceGen.", StringComparison.Ordinal);

    /// <summary>True if an assembly lies in the module's folder: its own ones, and the packages that it brings.</summary>
    private static bool IsModuleAssembly(Assembly assembly) => !assembly.IsDynamic
        && assembly.Location.StartsWith(ModuleFolder.Root + Path.DirectorySeparatorChar, StringComparison.OrdinalIgnoreCase);
#endif
}
