using System.Globalization;
using FaceGen.Contract;
using FaceGen.Emulator.Contract;
using FaceGen.Emulator.Generating;
using FaceGen.Emulator.Journaling;

namespace FaceGen.Emulator.Accounts;

/// <summary>The wallet, queue and generations of one key.</summary>
internal sealed class EmulatedAccount
{
    private readonly Lock _lock = new();
    private readonly EmulatorOptions _options;
    private readonly Journal _journal;
    private readonly Func<long> _nextId;
    private readonly Dictionary<long, EmulatedGeneration> _generations = [];
    private readonly PerMinuteLimiter _requestCounts = new(Limits.MaxRequestCountsPerMinute);

    /// <summary>Accepted generations not yet found finished, in the order of acceptance.</summary>
    private readonly List<EmulatedGeneration> _queue = [];

    /// <summary>For each worker, the time at which its last generation ends.</summary>
    private readonly DateTimeOffset[] _workersFreeAt;

    /// <summary>For each canonical request, the time at which it was last accepted.</summary>
    private readonly Dictionary<string, DateTimeOffset> _acceptedAt = new(StringComparer.Ordinal);

    private decimal _balance;
    private int _unansweredSubmissions;
    private DateTimeOffset? _submittedAt;

    internal EmulatedAccount(EmulatorOptions options, Journal journal, Func<long> nextId)
    {
        _options = options;
        _journal = journal;
        _nextId = nextId;
        _balance = options.Balance;
        _workersFreeAt = new DateTimeOffset[options.WorkerCount ?? options.QueueLimit];
    }

    internal decimal Balance
    {
        get
        {
            lock (_lock)
                return _balance;
        }
    }

    internal int QueueLimit => _options.QueueLimit;

    /// <summary>Returns the number of requests queued or running.</summary>
    internal int CountQueued(DateTimeOffset now)
    {
        lock (_lock)
            return GetQueue(now).Count;
    }

    /// <inheritdoc cref="PerMinuteLimiter.Acquire"/>
    internal TimeSpan AcquireRequestCountCall(DateTimeOffset now)
    {
        lock (_lock)
            return _requestCounts.Acquire(now);
    }

    internal EmulatedGeneration? Find(long id)
    {
        lock (_lock)
            return _generations.GetValueOrDefault(id);
    }

    /// <summary>Returns the generations whose images can be downloaded now, newest first.</summary>
    internal IReadOnlyList<EmulatedGeneration> ListWithImages(DateTimeOffset now)
    {
        lock (_lock)
        {
            return [.. _generations.Values
                .Where(generation => generation.HasImages(now))
                .OrderByDescending(static generation => generation.Id)];
        }
    }

    /// <summary>Returns the time of the last submission that arrived; null if there is none.</summary>
    internal DateTimeOffset? GetLastSubmission()
    {
        lock (_lock)
            return _submittedAt;
    }

    /// <summary>Returns the time at which a canonical request was last accepted; null if it was not.</summary>
    internal DateTimeOffset? GetLastAcceptance(string canonicalText)
    {
        lock (_lock)
            return _acceptedAt.TryGetValue(canonicalText, out DateTimeOffset time) ? time : null;
    }

    /// <summary>Records an arrived submission. <see cref="EndSubmission"/> must follow before its response is sent.</summary>
    internal void BeginSubmission(DateTimeOffset now)
    {
        lock (_lock)
        {
            _unansweredSubmissions++;
            _submittedAt = now;
            _journal.RecordInFlight(_unansweredSubmissions + GetQueue(now).Count(static generation => generation.IsAnswered));
        }
    }

    /// <summary>Records that a submission is about to get its response.</summary>
    /// <param name="accepted">The accepted generation; null if the submission was rejected.</param>
    internal void EndSubmission(EmulatedGeneration? accepted)
    {
        lock (_lock)
        {
            _unansweredSubmissions--;
            accepted?.IsAnswered = true;
        }
    }

    /// <summary>Accepts a request and charges its price, unless the balance is too low or the queue is full.</summary>
    internal Admission Admit(GenerationRequest request, DateTimeOffset now)
    {
        lock (_lock)
        {
            decimal price = _options.PricePerImage * request.Samples;
            if (_balance < price)
                return new Admission(AdmissionResult.WalletTooLow);
            if (GetQueue(now).Count >= _options.QueueLimit)
                return new Admission(AdmissionResult.QueueFull);

            _balance -= price;
            _acceptedAt[request.CanonicalText] = now;
            int occurrence = _journal.RecordAccepted(request.Prompt, request.CanonicalText);
            EmulatedGeneration generation = Schedule(request, occurrence, now);
            _generations.Add(generation.Id, generation);
            _queue.Add(generation);
            return new Admission(AdmissionResult.Accepted, generation);
        }
    }

    /// <summary>Assigns the request to the worker that is free first: first in, first out.</summary>
    private EmulatedGeneration Schedule(GenerationRequest request, int occurrence, DateTimeOffset now)
    {
        Random random = SeededRandom.Create(_options.Seed, request.CanonicalText, occurrence);
        var parameters = GenerationParameters.Resolve(request, randomSeed: random.NextInt64(0, uint.MaxValue));
        TimeSpan serviceTime = _options.ServiceTime.Draw(random, parameters.NumInferenceSteps);

        DateTimeOffset free = _workersFreeAt.Min();
        DateTimeOffset startsAt = free > now ? free : now;
        _workersFreeAt[Array.IndexOf(_workersFreeAt, free)] = startsAt + serviceTime;
        return new EmulatedGeneration
        {
            Id = _nextId(),
            Identity = string.Create(CultureInfo.InvariantCulture, $"{occurrence} {request.CanonicalText}"),
            Parameters = parameters,
            StartsAt = startsAt,
            FinishesAt = startsAt + serviceTime,
            EtaFactor = _options.OmitEta ? null : 1 + (_options.EtaError * ((2 * random.NextDouble()) - 1)),
        };
    }

    private List<EmulatedGeneration> GetQueue(DateTimeOffset now)
    {
        _queue.RemoveAll(generation => !generation.IsQueued(now));
        return _queue;
    }
}

/// <summary>The result of a valid submission.</summary>
internal enum AdmissionResult
{
    Accepted,
    WalletTooLow,
    QueueFull,
}

/// <summary>The result of a valid submission and its generation.</summary>
/// <param name="Result">Accepted, or the reason for the rejection.</param>
/// <param name="Generation">The accepted generation; otherwise null.</param>
internal readonly record struct Admission(AdmissionResult Result, EmulatedGeneration? Generation = null);

/// <summary>Limits the calls in any 60 seconds. Not thread-safe.</summary>
internal sealed class PerMinuteLimiter(int callsPerMinute)
{
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    private readonly Queue<DateTimeOffset> _calls = new();

    /// <summary>Counts a call.</summary>
    /// <returns>Zero if the call may pass; otherwise the time until the next call may pass.</returns>
    internal TimeSpan Acquire(DateTimeOffset now)
    {
        while (_calls.TryPeek(out DateTimeOffset oldest) && now - oldest >= Window)
            _calls.Dequeue();
        if (_calls.Count >= callsPerMinute)
            return _calls.Peek() + Window - now;

        _calls.Enqueue(now);
        return TimeSpan.Zero;
    }
}
