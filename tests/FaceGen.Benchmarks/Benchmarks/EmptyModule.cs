using System.Management.Automation;
using System.Reflection;
using System.Reflection.Emit;

namespace FaceGen.Benchmarks.Benchmarks;

/// <summary>The least that a binary module can be: a manifest and an assembly with one cmdlet that does nothing.</summary>
internal static class EmptyModule
{
    /// <summary>Writes it into a folder; gives its manifest.</summary>
    internal static string Write(string folder)
    {
        var assembly = new PersistedAssemblyBuilder(new AssemblyName("Empty"), typeof(object).Assembly);
        TypeBuilder command = assembly.DefineDynamicModule("Empty").DefineType("GetNothingCommand", TypeAttributes.Public | TypeAttributes.Sealed, typeof(PSCmdlet));
        command.SetCustomAttribute(new CustomAttributeBuilder(
            typeof(CmdletAttribute).GetConstructor([typeof(string), typeof(string)])!, [VerbsCommon.Get, "Nothing"]));
        command.CreateType();
        assembly.Save(Path.Combine(folder, "Empty.dll"));

        string manifest = Path.Combine(folder, "Empty.psd1");
        File.WriteAllText(manifest, "@{ RootModule = 'Empty.dll'; ModuleVersion = '1.0'; FunctionsToExport = @(); CmdletsToExport = @('Get-Nothing') }");
        return manifest;
    }
}
