namespace FaceGen.Generating;

/// <summary>
/// When to look at a generation, learnt from how long the account's generations have taken so far: the service's own
/// word is in whole seconds, often wrong, and sometimes missing.
/// </summary>
internal sealed class Pace
{
    /// <summary>How many of the last generations are remembered.</summary>
    private const int Memory = 32;

    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Unknown = TimeSpan.FromSeconds(10);

    private readonly Queue<(TimeSpan Likely, TimeSpan Most)> _times = new();

    /// <summary>Takes in how long a generation took: it ended between the last two looks at it.</summary>
    /// <param name="before">When the last look but one was, counted from the answer to the submission.</param>
    /// <param name="after">When the last look was, counted alike.</param>
    /// <param name="sinceSent">When the last look was, counted from the sending: the answer may have come late.</param>
    internal void Learn(TimeSpan before, TimeSpan after, TimeSpan sinceSent)
    {
        lock (_times)
        {
            _times.Enqueue((TimeSpan.FromTicks((before.Ticks + after.Ticks) / 2), sinceSent));
            if (_times.Count > Memory) _times.Dequeue();
        }
    }

    /// <summary>
    /// The wait before the first look: when one in five generations has ended; or, while nothing is known, after the
    /// time that the service expects, at most a second.
    /// </summary>
    internal TimeSpan BeforeFirstLook(double? eta)
    {
        lock (_times)
        {
            return _times.Count == 0
                ? Clamp(TimeSpan.FromSeconds(Math.Min(Math.Max(eta ?? 1, 0), 1)), TimeSpan.FromSeconds(1))
                : Clamp(_times.Select(time => time.Likely).OrderBy(time => time).ElementAt(_times.Count / 5), TimeSpan.FromMinutes(1));
        }
    }

    /// <summary>
    /// How long a generation may well take of which nothing will be heard: twice the longest seen of late, and never less
    /// than while nothing is known, since a few short ones do not tell how long the next one takes.
    /// </summary>
    internal TimeSpan LongTime()
    {
        lock (_times) return Clamp(TimeSpan.FromTicks(_times.Select(time => time.Most.Ticks * 2).DefaultIfEmpty().Max()), TimeSpan.FromMinutes(2), Unknown);
    }

    /// <summary>The wait before another look: a tenth of the time that the generation has taken so far.</summary>
    internal static TimeSpan BeforeNextLook(TimeSpan elapsed) => Clamp(TimeSpan.FromTicks(elapsed.Ticks / 10), Longest);

    private static TimeSpan Clamp(TimeSpan wait, TimeSpan most) => Clamp(wait, most, Shortest);

    private static TimeSpan Clamp(TimeSpan wait, TimeSpan most, TimeSpan least) => wait < least ? least : wait > most ? most : wait;
}
