using System.Globalization;
using FaceGen.Contract;
using FaceGen.Emulator.Contract;
using FaceGen.Emulator.Generating;
using FaceGen.Emulator.Journaling;

namespace FaceGen.Emulator.Accounts;

/// <summary>One key's wallet, queue and generations.</summary>
internal sealed class EmulatedAccount
{
    private readonly Lock _lock = new();
    private readonly EmulatorOptions _options;
    private readonly Journal _journal;
    private readonly Func<long> _nextId;
    private readonly Dictionary<long, EmulatedGeneration> _generations = [];
    private readonly PerMinuteLimiter _requestCounts = new(Limits.MaxRequestCountsPerMinute);

    /// <summary>Accepted and not yet seen to have ended, in the order of acceptance.</summary>
    private readonly List<EmulatedGeneration> _queue = [];

    /// <summary>For each worker, when it has done all that it was given.</summary>
    private readonly DateTimeOffset[] _workersFreeAt;

    private decimal _balance;
    private int _unansweredSubmissions;

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

    /// <summary>How many requests are queued or running.</summary>
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

    /// <summary>The generations whose images can be downloaded now, the newest first.</summary>
    internal IReadOnlyList<EmulatedGeneration> ListWithImages(DateTimeOffset now)
    {
        lock (_lock)
        {
            return [.. _generations.Values
                .Where(generation => generation.HasImages(now))
                .OrderByDescending(static generation => generation.Id)];
        }
    }

    /// <summary>A submission has arrived; <see cref="EndSubmission"/> must follow before its answer leaves.</summary>
    internal void BeginSubmission(DateTimeOffset now)
    {
        lock (_lock)
        {
            _unansweredSubmissions++;
            _journal.RecordInFlight(_unansweredSubmissions + GetQueue(now).Count(static generation => generation.IsAnswered));
        }
    }

    /// <param name="accepted">What the submission became; null where it was refused.</param>
    internal void EndSubmission(EmulatedGeneration? accepted)
    {
        lock (_lock)
        {
            _unansweredSubmissions--;
            accepted?.IsAnswered = true;
        }
    }

    /// <summary>Takes a request in and takes its price, unless wallet or queue forbid it.</summary>
    internal Admission Admit(GenerationRequest request, DateTimeOffset now)
    {
        lock (_lock)
        {
            decimal price = _options.PricePerImage * (request.Samples ?? 1);
            if (_balance < price)
                return new Admission(AdmissionResult.WalletTooLow);
            if (GetQueue(now).Count >= _options.QueueLimit)
                return new Admission(AdmissionResult.QueueFull);

            _balance -= price;
            int occurrence = _journal.RecordAccepted(request.Prompt, request.CanonicalText);
            EmulatedGeneration generation = Schedule(request, occurrence, now);
            _generations.Add(generation.Id, generation);
            _queue.Add(generation);
            return new Admission(AdmissionResult.Accepted, generation);
        }
    }

    /// <summary>Gives the request to the worker that is free first: first in, first out.</summary>
    private EmulatedGeneration Schedule(GenerationRequest request, int occurrence, DateTimeOffset now)
    {
        Random lot = SeededRandom.Create(_options.Seed, request.CanonicalText, occurrence);
        var parameters = GenerationParameters.Resolve(request, randomSeed: lot.NextInt64(0, uint.MaxValue));
        TimeSpan serviceTime = _options.ServiceTime.Draw(lot, parameters.NumInferenceSteps);

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
            EtaFactor = _options.OmitEta ? null : 1 + (_options.EtaError * ((2 * lot.NextDouble()) - 1)),
        };
    }

    private List<EmulatedGeneration> GetQueue(DateTimeOffset now)
    {
        _queue.RemoveAll(generation => !generation.IsQueued(now));
        return _queue;
    }
}
