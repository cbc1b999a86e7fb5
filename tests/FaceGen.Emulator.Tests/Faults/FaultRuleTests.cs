using FaceGen.Emulator.Faults;

namespace FaceGen.Emulator.Tests.Faults;

public sealed class FaultRuleTests
{
    [Theory]
    [InlineData("accepted-then-dropped@submit:nth=3")]
    [InlineData("Q25-404@download:first=2")]
    [InlineData("Q6-wait-in-minutes@submit:times=4,wait=0.5")]
    [InlineData("dropped@any:rate=0.25,seed=-7")]
    [InlineData("any@any:rate=0.3")]
    [InlineData("any@fetch")]
    [InlineData("Q14-empty|Q14-cut@fetch:nth=1,prompt=a, b=c: \"d\"")]
    [InlineData("Q33-410@download:prompt=,prompt=")]
    public void Parse_valid_text_round_trips(string text) =>
        Assert.Equal(text, FaultRule.Parse(text).ToString());

    [Fact]
    public void Parse_all_conditions_sets_every_property()
    {
        FaultRule rule = FaultRule.Parse("q6-wait-in-seconds@submit:nth=2,first=3,rate=0.5,seed=7,times=4,wait=1.5,prompt=a, b");

        Assert.Equal("Q6-wait-in-seconds", Assert.Single(rule.Faults).Id);
        Assert.Equal([CallKind.Submit], rule.Trigger.Kinds);
        Assert.Equal(
            (2, 3, 0.5, 7, 4, "a, b"),
            (rule.Trigger.CallNumber, rule.Trigger.FirstCalls, rule.Trigger.Rate, rule.Trigger.Seed, rule.Trigger.MaxTimes,
                rule.Trigger.Prompt));
        Assert.Equal(TimeSpan.FromSeconds(1.5), rule.Wait);
    }

    [Fact]
    public void Parse_conditions_in_any_order() =>
        Assert.Equal("dropped@fetch:rate=0.5,seed=7", FaultRule.Parse("dropped@fetch:seed=7,rate=0.5").ToString());

    [Fact]
    public void Parse_any_kind_selects_applicable_kinds() =>
        Assert.Equal([CallKind.Submit, CallKind.Fetch], FaultRule.Parse("Q21-output-text@any").Trigger.Kinds);

    [Theory]
    [InlineData("", "fault@kind")]
    [InlineData("dropped", "fault@kind")]
    [InlineData("dripped@fetch", "no fault 'dripped'")]
    [InlineData("@fetch", "no fault ''")]
    [InlineData("dropped|@fetch", "no fault ''")]
    [InlineData("dropped@fetching", "'fetching' is not a kind of call")]
    [InlineData("dropped@submit", "'dropped' applies only to fetch, download, upload, account")]
    [InlineData("dropped|Q25-404@fetch", "'Q25-404' applies only to download")]
    [InlineData("dropped@fetch:", "'' is not a condition")]
    [InlineData("dropped@fetch:nth", "'nth' is not a condition")]
    [InlineData("dropped@fetch:when=1", "no condition 'when'")]
    [InlineData("dropped@fetch:nth=0", "nth must be a whole number from 1, not '0'")]
    [InlineData("dropped@fetch:nth=1.5", "nth must be a whole number, not '1.5'")]
    [InlineData("dropped@fetch:first=-1", "first must be a whole number from 1")]
    [InlineData("dropped@fetch:times=many", "times must be a whole number")]
    [InlineData("dropped@fetch:rate=0", "above 0 and at most 1")]
    [InlineData("dropped@fetch:rate=1.1", "rate must be a number from 0 to 1, not '1.1'")]
    [InlineData("dropped@fetch:rate=NaN", "rate must be a number")]
    [InlineData("dropped@fetch:seed=7", "seed needs the condition rate")]
    [InlineData("Q25-429@download:wait=-1", "wait must be a number")]
    [InlineData("Q25-429@download:wait=90000", "from 0 to 86400")]
    [InlineData("dropped@upload:prompt=x", "have no prompt")]
    [InlineData("dropped@fetch:prompt=", "prompt needs a text")]
    public void Parse_invalid_text_throws_with_reason(string text, string reason)
    {
        FormatException error = Assert.Throws<FormatException>(() => FaultRule.Parse(text));

        Assert.StartsWith($"The fault rule '{text}' is invalid.", error.Message, StringComparison.Ordinal);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("Parameter", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Constructor_invalid_arguments_throw()
    {
        Fault fault = Fault.ById("Q25-404");

        Assert.Throws<ArgumentException>(() => new FaultRule(fault, FaultOn.Submit));
        Assert.Throws<ArgumentException>(() => new FaultRule([], FaultOn.Submit));
        Assert.Throws<ArgumentOutOfRangeException>(() => new FaultRule(fault, FaultOn.Download) { Wait = TimeSpan.FromDays(2) });
        Assert.Throws<ArgumentOutOfRangeException>(() => FaultOn.Download.Nth(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => FaultOn.Download.First(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => FaultOn.Download.Times(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => FaultOn.Download.AtRate(double.NaN));
        Assert.Throws<ArgumentException>(() => FaultOn.Download.WithPrompt(""));
    }
}
