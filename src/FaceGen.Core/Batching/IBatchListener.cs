using FaceGen.Contract;
using FaceGen.Generating;

namespace FaceGen.Batching;

/// <summary>Is told, on any thread, what becomes of a batch's rows.</summary>
internal interface IBatchListener : IListener
{
    /// <summary>A row has come to its end, or as far as this run can bring it.</summary>
    void End(BatchItem item, FaceGenException? error);
}
