using System.Net;
using System.Reflection;
using System.Security.Authentication;
using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests;

/// <summary>What only the build for Windows PowerShell does.</summary>
public sealed class HttpHandlersTests
{
    /// <summary>An old process chooses for all what they speak; this framework only keeps the choice, and follows none.</summary>
    [Theory]
    [InlineData(SecurityProtocolType.Tls11, SslProtocols.Tls12)]
    [InlineData(SecurityProtocolType.Tls11 | SecurityProtocolType.Tls12, SslProtocols.None)]
    [InlineData(SecurityProtocolType.SystemDefault, SslProtocols.None)]
    public void Handler_enables_TLS_1_2_when_the_process_does_not(SecurityProtocolType chosen, SslProtocols spoken)
    {
        using var session = new Session();
        MethodInfo create = AppDomain.CurrentDomain.GetAssemblies().Single(assembly => assembly.GetName().Name == "FaceGen.Core")
            .GetType("FaceGen.Http.HttpHandlers", throwOnError: true)!.GetMethod("Create", BindingFlags.NonPublic | BindingFlags.Static)!;
        // What old processes choose is obsolete here, and what this is about.
#pragma warning disable SYSLIB0014
        SecurityProtocolType before = ServicePointManager.SecurityProtocol;
        ServicePointManager.SecurityProtocol = chosen;
        try
        {
            using var handler = (HttpClientHandler)create.Invoke(null, [null, false, false])!;

            Assert.Equal(spoken, handler.SslProtocols);
        }
        finally
        {
            ServicePointManager.SecurityProtocol = before;
        }
#pragma warning restore SYSLIB0014
    }
}
