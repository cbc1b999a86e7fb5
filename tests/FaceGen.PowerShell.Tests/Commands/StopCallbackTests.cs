using System.Collections;
using System.Reflection;
using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests.Commands;

/// <summary>
/// A stop while a callback of the stop token blocks, such as that of a database driver whose server is unreachable. Neither the
/// stopping thread nor the pipeline's thread may wait for it.
/// </summary>
public sealed class StopCallbackTests
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(1);

    public static TheoryData<string> Commands()
    {
        using Session session = Session.Shared();
        return [.. session.Run("Get-Command -Module FaceGen -CommandType Cmdlet").WithoutErrors().Values("Name").Cast<string>()];
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task Stop_and_dispose_return_while_a_callback_blocks(string command)
    {
        using Session session = Session.Shared();
        using var blocked = new BlockedCommand(session, command);

        await Task.Run(() => blocked.Call("StopProcessing")).WaitAsync(Timeout, TestContext.Current.CancellationToken);
        await Task.Run(blocked.Command.Dispose).WaitAsync(Timeout, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Pipeline_wait_ends_while_a_callback_blocks()
    {
        using Session session = Session.Shared();
        using var blocked = new BlockedCommand(session, "Get-FaceGenImage");
        var never = new TaskCompletionSource<int>();
        Task wait = Task.Run(() => blocked.CallWork("WaitFor", never.Task), TestContext.Current.CancellationToken);

        await Task.Run(() => blocked.Call("StopProcessing")).WaitAsync(Timeout, TestContext.Current.CancellationToken);

        var ended = await Assert.ThrowsAsync<TargetInvocationException>(() => wait.WaitAsync(Timeout));
        Assert.IsAssignableFrom<OperationCanceledException>(ended.InnerException);
    }

    [Fact]
    public async Task Stopped_read_disposes_rows_after_the_read_ends()
    {
        using Session session = Session.Shared();
        using var blocked = new BlockedCommand(session, "Get-FaceGenImage");
        using var rows = new SlowRows();
        var ahead = (IEnumerable<int>)blocked.CallWork("ReadAhead", rows)!;
        Task reading = Task.Run(() => ahead.ToArray(), TestContext.Current.CancellationToken);
        await rows.ReadStarted.Task.WaitAsync(Timeout, TestContext.Current.CancellationToken);

        blocked.Call("StopProcessing");
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading.WaitAsync(Timeout));
        Assert.False(rows.Disposed.Task.IsCompleted);
        rows.Released.Set();

        Assert.True(await rows.Disposed.Task.WaitAsync(Timeout, TestContext.Current.CancellationToken), "It was disposed of while a read was inside.");
    }

    [Fact]
    public async Task Finished_read_disposes_rows_before_the_command_continues()
    {
        using Session session = Session.Shared();
        using var blocked = new BlockedCommand(session, "Get-FaceGenImage");
        using var rows = new SlowRows();
        rows.Released.Set();

        Assert.Empty((IEnumerable<int>)blocked.CallWork("ReadAhead", rows)!);

        Assert.True(await rows.Disposed.Task.WaitAsync(Timeout, TestContext.Current.CancellationToken));
    }

    /// <summary>A cmdlet with a callback of its stop token that blocks until this object is disposed of.</summary>
    private sealed class BlockedCommand : IDisposable
    {
        private readonly ManualResetEventSlim _release = new();
        private readonly Type _type;

        internal BlockedCommand(Session session, string command)
        {
            _type = (Type)session.Run("param($name) (Get-Command $name).ImplementingType", command).WithoutErrors().Output[0].BaseObject;
            Command = (IDisposable)Activator.CreateInstance(_type)!;
            var stop = (CancellationToken)Find("get_StopToken").Invoke(Command, null)!;
            stop.Register(_release.Wait);
        }

        internal IDisposable Command { get; }

        internal object? Call(string method) => Find(method).Invoke(Command, null);

        internal object? CallWork(string method, object argument)
        {
            object work = Find("get_Work").Invoke(Command, null)!;
            return work.GetType().GetMethod(method, BindingFlags.Instance | BindingFlags.NonPublic)!.MakeGenericMethod(typeof(int)).Invoke(work, [argument]);
        }

        public void Dispose() => _release.Set();

        private MethodInfo Find(string method)
        {
            for (Type? type = _type; type is not null; type = type.BaseType)
            {
                if (type.GetMethod(method, BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public | BindingFlags.DeclaredOnly) is { } found) return found;
            }

            throw new MissingMethodException(_type.Name, method);
        }
    }

    /// <summary>Rows whose read blocks until it is released.</summary>
    private sealed class SlowRows : IEnumerable<int>, IEnumerator<int>
    {
        private int _readers;

        internal ManualResetEventSlim Released { get; } = new();

        internal TaskCompletionSource ReadStarted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>True if no read was running when the rows were disposed of.</summary>
        internal TaskCompletionSource<bool> Disposed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int Current => 0;

        object IEnumerator.Current => Current;

        public bool MoveNext()
        {
            Interlocked.Increment(ref _readers);
            ReadStarted.TrySetResult();
            Released.Wait();
            Interlocked.Decrement(ref _readers);
            return false;
        }

        public void Reset() => throw new NotSupportedException();

        public IEnumerator<int> GetEnumerator() => this;

        IEnumerator IEnumerable.GetEnumerator() => this;

        public void Dispose() => Disposed.TrySetResult(Volatile.Read(ref _readers) == 0);
    }
}
