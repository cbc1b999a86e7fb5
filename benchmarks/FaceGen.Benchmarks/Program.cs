using FaceGen.Benchmarks.Running;
using FaceGen.Benchmarks.Workers;

return args is ["--worker", var name, .. var rest]
    ? await Worker.RunAsync(name, rest)
    : await BenchmarkProgram.RunAsync(args);
