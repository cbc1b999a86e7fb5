using FaceGen.Generating;
using FsCheck;
using FsCheck.Xunit;

namespace FaceGen.Core.Tests.Generating;

public sealed class PollIntervalTests(ITestOutputHelper report)
{
    private const int Runs = 8;

    private static readonly PollInterval.Kind Usual = new(31, 1);

    /// <summary>The target for polling without history; docs/performance.md explains why it cannot be much better.</summary>
    [Theory]
    [InlineData("around three seconds", 5, true, 1.09, 3.1)]
    [InlineData("around three seconds", 5, false, 1.13, 3.6)]
    [InlineData("around three seconds", 15, true, 1.08, 3.5)]
    [InlineData("either short or long", 5, true, 1.08, 3.3)]
    [InlineData("either short or long", 5, false, 1.11, 4.5)]
    [InlineData("always the same", 5, false, 1.12, 2.7)]
    [InlineData("around a minute", 5, true, 1.09, 4)]
    [InlineData("around a tenth of a second", 5, true, 1.3, 3.5)]
    public void PollInterval_simulation_fills_slots_with_few_polls(string service, int slots, bool hasEta, double time, double polls)
    {
        (double Time, double Polls)[] runs = [.. Enumerable.Range(1, Runs).Select(seed =>
        {
            var simulation = new SlotSimulation(seed);
            return simulation.Run(slots, Seconds(simulation, service), hasEta ? simulation.Wrong : _ => null);
        })];

        (double Time, double Polls) mean = (runs.Average(run => run.Time), runs.Average(run => run.Polls));
        report.WriteLine($"{mean.Time:0.000} times the ideal, {mean.Polls:0.00} polls per request");
        Assert.InRange(mean.Time, 1, time);
        Assert.InRange(mean.Polls, 1, polls);
    }

    /// <summary>
    /// With the distributions of durations and eta errors known in advance, the best times of polls follow. That is the limit
    /// for polling generations one by one.
    /// </summary>
    [Theory]
    [InlineData(true, 0.030)]
    [InlineData(false, 0.036)]
    public void PollInterval_learned_is_close_to_ideal(bool hasEta, double price)
    {
        double likelihood(double length) => Density.Normal(Math.Log(3), 0.4)(length);
        double known(double? eta, double unended) => new Forecast(
            length => likelihood(length) * (eta is null ? 1 : eta / Math.Exp(length) is >= 0.5 and <= 1.5 ? Math.Exp(-length) : 0), 0.3, 30, price * 3)
            .NextPoll(unended, unended);

        (double Time, double Polls)[][] runs = [.. Enumerable.Range(1, Runs).Select(seed =>
        {
            double[] seconds = new SlotSimulation(seed).LogNormal(60);
            (double Time, double Polls) Of(Func<SlotSimulation, Func<double, double?>, (double, double)> run)
            {
                var simulation = new SlotSimulation(seed + 100);
                return run(simulation, hasEta ? simulation.Wrong : _ => null);
            }

            return new[] { Of((simulation, eta) => simulation.Run(5, seconds, eta)), Of((simulation, eta) => simulation.Run(5, seconds, eta, known)) };
        })];

        (double learnt, double best) = (runs.Average(run => run[0].Time), runs.Average(run => run[1].Time));
        report.WriteLine($"learnt: {learnt:0.000} times the ideal, {runs.Average(run => run[0].Polls):0.00} polls; known: {best:0.000}, {runs.Average(run => run[1].Polls):0.00} polls");
        Assert.InRange(learnt, 1, best + 0.025);
        Assert.InRange(runs.Average(run => run[0].Polls), 1, runs.Average(run => run[1].Polls) + 0.2);
    }

    [Theory]
    [InlineData(30, 3, 2.5)]
    [InlineData(0.3, 20, 1.5)]
    public void PollInterval_speed_of_service_changes_adapts(double before, double after, double atFirst)
    {
        var simulation = new SlotSimulation(5);
        simulation.Run(5, simulation.LogNormal(60, before), _ => null);

        Assert.InRange(simulation.Run(5, simulation.LogNormal(60, after), _ => null).Time, 1, atFirst);
        Assert.InRange(simulation.Run(5, simulation.LogNormal(60, after), _ => null).Time, 1, 1.15);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(0.0)]
    [InlineData(0.3)]
    [InlineData(-5.0)]
    [InlineData(3600.0)]
    [InlineData(double.NaN)]
    [InlineData(double.MaxValue)]
    [InlineData(double.MinValue)]
    public void Next_without_history_is_bounded_for_any_eta(double? eta)
    {
        var interval = new PollInterval();
        Assert.InRange(interval.Next(Usual, eta, TimeSpan.Zero, TimeSpan.Zero), TimeSpan.FromMilliseconds(20), TimeSpan.FromSeconds(5));
        Assert.InRange(interval.Next(Usual, eta, TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(20)), TimeSpan.FromMilliseconds(20), TimeSpan.FromSeconds(20));
        Assert.InRange(interval.Next(Usual, eta, TimeSpan.FromDays(1), TimeSpan.FromDays(1)), TimeSpan.FromMilliseconds(20), TimeSpan.FromMinutes(1));
    }

    [Property]
    public bool Next_with_any_history_is_within_a_minute(PositiveInt[] milliseconds, NormalFloat eta, PositiveInt elapsed)
    {
        var interval = new PollInterval();
        foreach (PositiveInt time in milliseconds) interval.Learn(Usual, eta.Get, TimeSpan.Zero, TimeSpan.FromMilliseconds(time.Get));

        TimeSpan wait = interval.Next(Usual, eta.Get, TimeSpan.Zero, TimeSpan.FromMilliseconds(elapsed.Get));
        return wait >= TimeSpan.FromMilliseconds(20) && wait <= TimeSpan.FromMinutes(1);
    }

    [Fact]
    public void Next_after_long_generations_is_late()
    {
        var interval = new PollInterval();
        for (int i = 0; i < 10; i++) Learn(interval, Usual, 29, 31);

        Assert.InRange(interval.Next(Usual, null, TimeSpan.Zero, TimeSpan.Zero).TotalSeconds, 25, 33);
    }

    [Fact]
    public void Learn_forgets_old_durations()
    {
        var interval = new PollInterval();
        for (int i = 0; i < 100; i++) Learn(interval, Usual, 49, 50);
        for (int i = 0; i < 100; i++) Learn(interval, Usual, 1.9, 2);

        Assert.InRange(interval.Next(Usual, null, TimeSpan.Zero, TimeSpan.Zero).TotalSeconds, 1.5, 2.5);
    }

    [Fact]
    public void Learn_distinguishes_kinds()
    {
        var interval = new PollInterval();
        var slow = new PollInterval.Kind(41, 2);
        for (int i = 0; i < 20; i++)
        {
            Learn(interval, Usual, 1.9, 2);
            Learn(interval, slow, 9, 10);
        }

        Assert.InRange(interval.Next(Usual, null, TimeSpan.Zero, TimeSpan.Zero).TotalSeconds, 1.5, 2.5);
        Assert.InRange(interval.Next(slow, null, TimeSpan.Zero, TimeSpan.Zero).TotalSeconds, 7, 12);
    }

    [Fact]
    public void Learn_corrects_eta_error()
    {
        var interval = new PollInterval();
        foreach (double seconds in new SlotSimulation(1).LogNormal(40)) interval.Learn(Usual, 3 * seconds, TimeSpan.FromSeconds(0.98 * seconds), TimeSpan.FromSeconds(seconds));

        Assert.InRange(interval.Next(Usual, 30, TimeSpan.Zero, TimeSpan.Zero).TotalSeconds, 6, 11);
    }

    [Fact]
    public void Next_for_old_generation_is_immediate()
    {
        var interval = new PollInterval();
        for (int i = 0; i < 10; i++) Learn(interval, Usual, 2.9, 3);

        Assert.Equal(TimeSpan.FromMilliseconds(20), interval.Next(Usual, 3, TimeSpan.Zero, TimeSpan.FromSeconds(10)));
        Assert.Equal(TimeSpan.FromMilliseconds(20), interval.Next(Usual, 3, TimeSpan.Zero, TimeSpan.FromHours(10)));
    }

    [Fact]
    public void GetAssumedDuration_is_ten_seconds_to_two_minutes()
    {
        var interval = new PollInterval();
        Assert.Equal(TimeSpan.FromSeconds(10), interval.GetAssumedDuration());
        Learn(interval, Usual, 0, 0.1);
        Assert.Equal(TimeSpan.FromSeconds(10), interval.GetAssumedDuration());
        Learn(interval, Usual, 15, 20);
        Assert.Equal(TimeSpan.FromSeconds(40), interval.GetAssumedDuration());
        Learn(interval, Usual, 80, 90);
        Assert.Equal(TimeSpan.FromMinutes(2), interval.GetAssumedDuration());
    }

    private static double[] Seconds(SlotSimulation simulation, string service) => service switch
    {
        "around three seconds" => simulation.LogNormal(60),
        "either short or long" => simulation.Bimodal(60),
        "always the same" => simulation.LogNormal(60, 3, 0),
        "around a minute" => simulation.LogNormal(60, 60),
        _ => simulation.LogNormal(60, 0.1),
    };

    private static void Learn(PollInterval interval, PollInterval.Kind kind, double before, double after) =>
        interval.Learn(kind, null, TimeSpan.FromSeconds(before), TimeSpan.FromSeconds(after));
}
