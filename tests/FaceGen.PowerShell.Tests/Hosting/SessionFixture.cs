using FaceGen.Emulator;
using FaceGen.Emulator.Generating;
using SkiaSharp;

namespace FaceGen.PowerShell.Tests.Hosting;

/// <summary>An emulator, a session with a connection to it, and a temporary folder with a face image.</summary>
internal sealed class SessionFixture : IAsyncDisposable
{
    private SessionFixture(EmulatorHost emulator, int queueLimit)
    {
        Emulator = emulator;
        QueueLimit = queueLimit;
        Folder = Directory.CreateTempSubdirectory("facegen-").FullName;
        Face = Path.Combine(Folder, "face.png");
        File.WriteAllBytes(Face, DrawFace());
    }

    internal EmulatorHost Emulator { get; }

    internal int QueueLimit { get; }

    internal Session Session { get; } = Session.Shared();

    internal string Folder { get; }

    /// <summary>Gets the path of a small face image.</summary>
    internal string Face { get; }

    /// <summary>Gets the folder for saved images.</summary>
    internal string OutputFolder => Path.Combine(Folder, "out");

    internal static async Task<SessionFixture> StartAsync(double serviceSeconds = 0, int queueLimit = 5, decimal balance = 1000, bool strict = false)
    {
        var fixture = new SessionFixture(await UniqueEmulator.StartAsync(new EmulatorOptions
        {
            ServiceTime = ServiceTime.Fixed(TimeSpan.FromSeconds(serviceSeconds)),
            QueueLimit = queueLimit,
            Balance = balance,
            Strict = strict,
        }), queueLimit);
        fixture.Connect(fixture.Session);
        return fixture;
    }

    internal ScriptResult Run(string script, params object?[] arguments) => Session.Run(script, arguments);

    internal void Connect(Session session) => session
        .Run("param($uri, $limit) Connect-FaceGen -ApiKey emulator-key -BaseUri $uri -QueueLimit $limit", Emulator.BaseUri, QueueLimit).WithoutErrors();

    /// <summary>Writes a file into the folder.</summary>
    internal string Write(string name, string content)
    {
        string path = Path.Combine(Folder, name);
        File.WriteAllText(path, content);
        return path;
    }

    public async ValueTask DisposeAsync()
    {
        Session.Dispose();
        await Emulator.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }

    /// <summary>Creates the files of the template '{…} {date}' for today and, if the day ends, for tomorrow.</summary>
    internal string[] CreateConflictingFiles(string name)
    {
        Directory.CreateDirectory(OutputFolder);
        string[] paths = [.. Enumerable.Range(0, 2).Select(days => Path.Combine(OutputFolder, FormattableString.Invariant($"{name} {DateTime.Now.AddDays(days):yyyy-MM-dd}.png")))];
        foreach (string path in paths) File.Copy(Face, path);
        return paths;
    }

    internal static byte[] DrawFace()
    {
        using var bitmap = new SKBitmap(64, 80);
        using var canvas = new SKCanvas(bitmap);
        using var skin = new SKPaint { Color = new SKColor(224, 172, 140), IsAntialias = true };
        using var dark = new SKPaint { Color = SKColors.DarkSlateBlue };
        canvas.Clear(SKColors.SteelBlue);
        canvas.DrawOval(32, 40, 22, 30, skin);
        canvas.DrawCircle(24, 34, 3, dark);
        canvas.DrawCircle(40, 34, 3, dark);
        using SKData png = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        return png.ToArray();
    }
}
