using System.Reflection;
using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests;

/// <summary>The build for Windows PowerShell resolves its own assemblies only.</summary>
public sealed class DependencyResolverTests
{
    [Fact]
    public void Resolve_serves_only_the_module()
    {
        using var session = new Session();
        var own = (Assembly)session.Run("(Get-Command Get-FaceGenConnection).ImplementingType.Assembly").Single.BaseObject;
        MethodInfo method = own.GetType("FaceGen.PowerShell.Loading.DependencyResolver", throwOnError: true)!
            .GetMethod("Resolve", BindingFlags.NonPublic | BindingFlags.Static)!;
        Assembly? Resolve(Assembly? requesting, string name) => (Assembly?)method.Invoke(null, [requesting, new AssemblyName(name)]);
        string brought = Path.GetFileNameWithoutExtension(
            Directory.GetFiles(Path.Combine(Path.GetDirectoryName(own.Location)!, "batches"), "*.dll").First(file => !Path.GetFileName(file).StartsWith("FaceGen.", StringComparison.Ordinal)));

        Assert.Null(Resolve(typeof(DependencyResolverTests).Assembly, brought));
        Assert.Null(Resolve(null, brought));
        Assert.Null(Resolve(own, "Not.There"));
        Assert.Equal(brought, Resolve(own, brought)!.GetName().Name);
    }
}
