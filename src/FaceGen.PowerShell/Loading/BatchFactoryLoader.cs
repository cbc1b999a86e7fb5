using FaceGen.ImageFormats;
using System.Reflection;
using FaceGen.BatchModel;
using FaceGen.Contract;

namespace FaceGen.PowerShell.Loading;

/// <summary>
/// Loads FaceGen.Batches on first use. On PowerShell 7 it has a load context of its own, so that its packages do not
/// conflict with other versions of them in other modules.
/// </summary>
internal static class BatchFactoryLoader
{
    private static readonly Lazy<Assembly> BatchesAssembly = new(LoadAssembly);

    internal static IRequestFileReader RequestFileReader => Create<IRequestFileReader>("FaceGen.Batches.Requests.RequestFileReader");

    internal static IBatchFactory Factory => Create<IBatchFactory>("FaceGen.Batches.Running.BatchFactory");

    internal static IImageDecoder JpegDecoder => Create<IImageDecoder>("FaceGen.Batches.Images.JpegDecoder");

    private static T Create<T>(string type) => (T)Activator.CreateInstance(BatchesAssembly.Value.GetType(type, throwOnError: true)!)!;

    private static Assembly LoadAssembly()
    {
        string path = Path.Combine(ModuleFolder.Batches, "FaceGen.Batches.dll");
#if NETSTANDARD
        return Assembly.LoadFrom(path);
#else
        return new LoadContext().LoadFromAssemblyPath(path);
#endif
    }

#if !NETSTANDARD
    private sealed class LoadContext() : System.Runtime.Loader.AssemblyLoadContext("FaceGen.Batches")
    {
        protected override Assembly? Load(AssemblyName assemblyName)
        {
            // Both load contexts share FaceGen.Core, whose types they exchange.
            Assembly core = typeof(Request).Assembly;
            if (assemblyName.Name == core.GetName().Name) return core;

            string file = Path.Combine(ModuleFolder.Batches, assemblyName.Name + ".dll");
            return File.Exists(file) ? LoadFromAssemblyPath(file) : null;
        }
    }
#endif
}
