using System.Globalization;

namespace FaceGen.Benchmarks.Running;

/// <summary>The command line.</summary>
/// <param name="Names">The benchmarks to run; all where none is named.</param>
/// <param name="IsSmoke">Whether everything is tiny.</param>
/// <param name="Seed">The seed.</param>
internal sealed record BenchmarkOptions(IReadOnlyList<string> Names, bool IsSmoke, int Seed)
{
    /// <summary>Reads the arguments; null, with the reason, where they are none.</summary>
    internal static BenchmarkOptions? Parse(IReadOnlyList<string> arguments, IReadOnlyCollection<string> known, out string error)
    {
        error = "";
        List<string> names = [];
        bool isSmoke = false;
        int seed = 1;
        for (int i = 0; i < arguments.Count; i++)
        {
            if (arguments[i] == "--smoke") isSmoke = true;
            else if (arguments[i] == "--seed" && i + 1 < arguments.Count
                && int.TryParse(arguments[i + 1], CultureInfo.InvariantCulture, out seed)) i++;
            else if (known.Contains(arguments[i])) names.Add(arguments[i]);
            else
            {
                error = $"'{arguments[i]}' is no benchmark and no option.";
                return null;
            }
        }

        return new BenchmarkOptions(names, isSmoke, seed);
    }
}
