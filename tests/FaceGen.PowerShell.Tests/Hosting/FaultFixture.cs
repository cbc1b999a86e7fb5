using System.Management.Automation;
using System.Reflection;
using FaceGen.Emulator;
using FaceGen.Emulator.Faults;
using FaceGen.Emulator.Generating;

namespace FaceGen.PowerShell.Tests.Hosting;

/// <summary>
/// A session with a connection to an emulator with faults, both on a fast clock. The key is easy to find in output. The
/// module's clock is injected by reflection.
/// </summary>
internal sealed class FaultFixture : IAsyncDisposable
{
    internal const string Key = "sk-Str0ng/Key+Of~The=Test";

    /// <summary>A service time longer than any test.</summary>
    internal static readonly TimeSpan LongServiceTime = TimeSpan.FromHours(1);

    private FaultFixture(EmulatorHost emulator)
    {
        Emulator = emulator;
        Folder = Directory.CreateTempSubdirectory("facegen-faulty-").FullName;
        Face = Path.Combine(Folder, "face.png");
        File.WriteAllBytes(Face, SessionFixture.DrawFace());
    }

    internal EmulatorHost Emulator { get; }

    internal Session Session { get; } = Session.Shared();

    /// <summary>Gets or sets what the process knows of the account.</summary>
    private object Account { get; set; } = null!;

    internal string Folder { get; }

    internal string Face { get; }

    internal string OutputFolder => Path.Combine(Folder, "out");

    internal static async Task<FaultFixture> StartAsync(
        IEnumerable<FaultRule> faults, double speed, double serviceSeconds = 1, int queueLimit = 5, bool omitEta = false, bool strict = false)
    {
        var clock = new FastClock(speed);
        FaultRule[] rules = [.. faults];
        // A busy machine responds slowly; a response that never comes needs no long timeout.
        TimeSpan timeout = rules.SelectMany(rule => rule.Faults).Any(fault => fault.Id.EndsWith("never-answered", StringComparison.Ordinal)) ? TimeSpan.FromSeconds(3) : TimeSpan.FromSeconds(30);
        var fixture = new FaultFixture(await UniqueEmulator.StartAsync(new EmulatorOptions
        {
            ApiKey = Key,
            ServiceTime = ServiceTime.Fixed(TimeSpan.FromSeconds(serviceSeconds)),
            QueueLimit = queueLimit,
            OmitEta = omitEta,
            Strict = strict,
            Balance = 1_000_000,
            TimeProvider = clock,
            Faults = rules,
        }));
        fixture.Connect(clock, queueLimit, (int)(timeout.TotalSeconds * speed));
        return fixture;
    }

    /// <summary>Runs a script.</summary>
    internal ScriptResult Run(string script, params object?[] arguments) => Session.Run(script, arguments);

    /// <summary>Forgets the account's generations, as a new process does not know them.</summary>
    internal void ForgetGenerations()
    {
        object pending = Account.GetType().GetField("_pending", BindingFlags.NonPublic | BindingFlags.Instance)!.GetValue(Account)!;
        pending.GetType().GetMethod("Clear")!.Invoke(pending, null);
    }

    /// <summary>
    /// Ends the pending generations as soon as a fault has occurred: the emulator's clock advances by
    /// <see cref="LongServiceTime"/>.
    /// </summary>
    internal IDisposable EndGenerationsAfterFault(string fault)
    {
        var timer = new Timer(_ =>
        {
            if (Emulator.Clock.Offset == TimeSpan.Zero && Emulator.Journal.Entries.Any(entry => entry.Fault == fault)) Emulator.Clock.Advance(LongServiceTime);
        });
        timer.Change(TimeSpan.Zero, TimeSpan.FromMilliseconds(5));
        return timer;
    }

    /// <summary>Asserts that no output contains the key or control characters.</summary>
    internal void AssertNoLeak(ScriptResult result)
    {
        string text = CollectAllText(result);
        foreach (string encoding in Encodings(Key)) Assert.DoesNotContain(encoding, text, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(text, c => char.IsControl(c) && c is not ('\t' or '\r' or '\n'));
    }

    /// <summary>Returns the key in every encoding.</summary>
    internal static IEnumerable<string> Encodings(string key)
    {
        byte[] bytes = System.Text.Encoding.UTF8.GetBytes(key);
        return [key, Uri.EscapeDataString(key), Uri.EscapeDataString(Uri.EscapeDataString(key)), Convert.ToBase64String(bytes), Convert.ToBase64String(bytes).TrimEnd('='), Convert.ToHexString(bytes)];
    }

    /// <summary>Returns all output as one text: objects, errors with their exceptions, files.</summary>
    internal string CollectAllText(ScriptResult result)
    {
        IEnumerable<string> errors = result.Errors.SelectMany(error => new[]
        {
            error.ToString(), error.Exception.ToString(), error.FullyQualifiedErrorId, error.ScriptStackTrace ?? "",
            string.Join(" ", error.Exception.Data.Values.Cast<object>()), DescribeProperties(error.TargetObject),
        });
        IEnumerable<string> files = !Directory.Exists(OutputFolder) ? [] : Directory.EnumerateFiles(OutputFolder, "*", SearchOption.AllDirectories)
            .SelectMany(file => new[] { file, file.EndsWith(".json", StringComparison.Ordinal) ? File.ReadAllText(file) : "" });
        IEnumerable<string> calls = Emulator.Journal.Entries.Select(entry => entry.Path);
        return string.Join("\n", [.. result.Output.Select(item => DescribeProperties(item)), .. errors, .. result.Warnings, .. result.Verbose, .. result.OtherStreams, .. files, .. calls]);
    }

    public async ValueTask DisposeAsync()
    {
        Session.Dispose();
        await Emulator.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }

    /// <summary>Returns an object with its nested properties as text.</summary>
    private static string DescribeProperties(object? item) => DescribeProperties(item, depth: 3);

    private static string DescribeProperties(object? item, int depth)
    {
        if (item is null) return "";
        if (depth == 0 || item is string || item.GetType().IsPrimitive) return item.ToString() ?? "";

        return item + " " + string.Join(" ", PSObject.AsPSObject(item).Properties
            .Where(property => property.IsGettable)
            .Select(property => $"{property.Name}={DescribeProperties(property.Value is System.Collections.IEnumerable and not string ? string.Join(' ', ((System.Collections.IEnumerable)property.Value).Cast<object>()) : property.Value, depth - 1)}"));
    }

    private void Connect(TimeProvider clock, int queueLimit, int timeoutSec)
    {
        const BindingFlags hidden = BindingFlags.NonPublic | BindingFlags.Public | BindingFlags.Static | BindingFlags.Instance;
        var module = (Assembly)Session.Run("(Get-Command New-FaceGenImage).ImplementingType.Assembly").WithoutErrors().Single.BaseObject;
        Type Core(string name) => module.GetReferencedAssemblies().Where(reference => reference.Name == "FaceGen.Core")
            .Select(reference => Assembly.Load(reference)).Single().GetType(name, throwOnError: true)!;

        // A copy shares the accounts of the process.
        Type type = Core("FaceGen.Http.EngineServices");
        object services = type.GetMethod("<Clone>$", hidden)!.Invoke(type.GetField("System", hidden)!.GetValue(null), null)!;
        services.GetType().GetProperty("Time", hidden)!.SetValue(services, clock);
        object address = Core("FaceGen.Http.ServiceAddress").GetMethod("Parse", hidden)!.Invoke(null, [Emulator.BaseUri, false])!;
        object key = Activator.CreateInstance(Core("FaceGen.Http.ApiKey"), hidden, null, [Key], null)!;
        object connection = Activator.CreateInstance(
            Core("FaceGen.Connection"), hidden, null, [address, key, queueLimit, timeoutSec, null, services, false], null)!;
        Account = Core("FaceGen.Generating.Account").GetMethod("For", hidden)!.Invoke(null, [connection])!;
        MethodInfo replace = module.GetType("FaceGen.PowerShell.State.Connections")!.GetMethod("Replace", hidden)!;

        Session.Run("$global:VerbosePreference = $global:DebugPreference = 'Continue'").WithoutErrors();
        // Connections belong to the runspace of the current thread.
        Session.Run("param($replace, $connection) $null = $replace.Invoke($null, @($connection))", replace, connection).WithoutErrors();
    }
}
