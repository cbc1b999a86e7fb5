using System.Net;
using System.Reflection;
using System.Security.Authentication;
using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests;

/// <summary>The build for Windows PowerShell.</summary>
public sealed class HttpHandlersTests
{
    /// <summary>An old process sets the TLS versions for all connections. This framework only stores the setting.</summary>
    [Theory]
    [InlineData(SecurityProtocolType.Tls11, SslProtocols.Tls12)]
    [InlineData(SecurityProtocolType.Tls11 | SecurityProtocolType.Tls12, SslProtocols.None)]
    [InlineData(SecurityProtocolType.SystemDefault, SslProtocols.None)]
    public void Handler_enables_TLS_1_2_when_the_process_does_not(SecurityProtocolType chosen, SslProtocols spoken)
    {
        using var session = new Session();
        MethodInfo create = AppDomain.CurrentDomain.GetAssemblies().Single(assembly => assembly.GetName().Name == "FaceGen.Core")
            .GetType("FaceGen.Http.HttpHandlers", throwOnError: true)!.GetMethod("Create", BindingFlags.NonPublic | BindingFlags.Static)!;
        // The obsolete protocols of old processes are what this test is about.
#pragma warning disable SYSLIB0014
        SecurityProtocolType before = ServicePointManager.SecurityProtocol;
        ServicePointManager.SecurityProtocol = chosen;
        try
        {
            using var handler = (HttpClientHandler)create.Invoke(null, [new Uri("https://example.com/"), null, false])!;

            Assert.Equal(spoken, handler.SslProtocols);
        }
        finally
        {
            ServicePointManager.SecurityProtocol = before;
        }
#pragma warning restore SYSLIB0014
    }
}
