using System.Globalization;

namespace FaceGen.Core.Tests.Support;

/// <summary>A culture for as long as a test needs it.</summary>
internal sealed class CultureScope : IDisposable
{
    private readonly CultureInfo _before = CultureInfo.CurrentCulture;

    internal CultureScope(string name) => CultureInfo.CurrentCulture = new CultureInfo(name);

    public void Dispose() => CultureInfo.CurrentCulture = _before;
}
