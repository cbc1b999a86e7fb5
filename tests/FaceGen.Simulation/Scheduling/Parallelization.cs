using Xunit.Sdk;
using Xunit.v3;

// Histories of two tests would share the one thread of the pool, and none would know when its own work has come to rest.
[assembly: Parallelization(Mode = ParallelMode.None)]
