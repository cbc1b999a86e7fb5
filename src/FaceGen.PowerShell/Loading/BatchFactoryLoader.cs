using FaceGen.ImageFormats;
using System.Reflection;
#if !NETSTANDARD
using System.Runtime.InteropServices;
#endif
using FaceGen.BatchModel;
using FaceGen.Contract;

namespace FaceGen.PowerShell.Loading;

/// <summary>
/// Opens FaceGen.Batches when it is first needed. On PowerShell 7 it lives with its packages in a load context of its
/// own, so that they cannot meet other versions of the same packages in other modules.
/// </summary>
internal static class BatchFactoryLoader
{
    private static readonly Lazy<Assembly> BatchesAssembly = new(LoadAssembly);

    internal static IRequestFileReader RequestFileReader => Create<IRequestFileReader>("FaceGen.Batches.Requests.RequestFileReader");

    internal static IBatchFactory Factory => Create<IBatchFactory>("FaceGen.Batches.Running.BatchFactory");

    internal static IImageDecoder JpegDecoder => Create<IImageDecoder>("FaceGen.Batches.Pictures.JpegDecoder");

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
            // The one assembly that both sides share: its types cross the border.
            Assembly core = typeof(Request).Assembly;
            if (assemblyName.Name == core.GetName().Name) return core;

            string file = Path.Combine(ModuleFolder.Batches, assemblyName.Name + ".dll");
            return File.Exists(file) ? LoadFromAssemblyPath(file) : null;
        }

        protected override nint LoadUnmanagedDll(string unmanagedDllName)
        {
            foreach (string file in ModuleFolder.NativeLibraryFolders.SelectMany(folder => Directory.GetFiles(folder, $"*{unmanagedDllName}.*")))
            {
                if (NativeLibrary.TryLoad(file, out nint library)) return library;
            }

            return 0;
        }
    }
#endif
}
