using FaceGen.Generating;

namespace FaceGen.BatchModel;

/// <summary>Is told, on any thread, what becomes of a batch's rows.</summary>
internal interface IBatchObserver : IEngineLog
{
    /// <summary>A row has come to its end, or as far as this run can bring it.</summary>
    void OnItemEnded(BatchItem item, FaceGenException? error);
}
