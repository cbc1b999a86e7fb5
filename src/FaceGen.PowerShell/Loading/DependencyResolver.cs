#if NETSTANDARD
using System.Reflection;
#endif

namespace FaceGen.PowerShell.Loading;

/// <summary>
/// Resolves the assemblies of the build for Windows PowerShell by simple name, because .NET Framework requires exact versions.
/// It is registered when the first cmdlet runs, because importing the module must not change the process, and it resolves
/// nothing for other modules.
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
    /// <summary>Returns an assembly of the module; null if another module requests it, or the module does not contain it.</summary>
    /// <param name="requesting">The requesting assembly; null if it is unknown.</param>
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

    /// <summary>True if an assembly is in the module's folder.</summary>
    private static bool IsModuleAssembly(Assembly assembly) => !assembly.IsDynamic
        && assembly.Location.StartsWith(ModuleFolder.Root + Path.DirectorySeparatorChar, StringComparison.OrdinalIgnoreCase);
#endif
}
