using FaceGen.BatchModel;
using FaceGen.Generating;
using FaceGen.Saving;

namespace FaceGen.Batches.Running;

/// <summary>The settings of a run, and what decides whether it submits more.</summary>
/// <param name="Connection">The connection that submits.</param>
/// <param name="Options">The options of the run.</param>
/// <param name="Observer">Receives the ended rows and the log.</param>
/// <param name="EndToken">Is canceled at the end of the run: by a stop, the time limit, or the end of the connection.</param>
/// <param name="DeadlineToken">Is canceled at the time limit, which ends the retries of writes.</param>
internal sealed record RunContext(
    Connection Connection, BatchOptions Options, IBatchObserver Observer, CancellationToken EndToken, CancellationToken DeadlineToken = default)
{
    internal Account Account { get; } = Account.For(Connection);

    internal TimeProvider Time => Connection.Services.Time;

    internal DateTimeOffset Now => Time.GetUtcNow();

    internal RunLimits Limits { get; } = new(Connection, Options, Observer);

    internal MissingImageWarnings MissingImages { get; } = new(Observer);

    internal StorageRetry StorageRetry { get; } = new(
        Connection.Services.Time, Observer, new Destination(Connection.Services.Files, Options.Save.Folder), DeadlineToken);
}
