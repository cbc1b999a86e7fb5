using FaceGen.Saving;

namespace FaceGen.Core.Tests.Saving;

public sealed class SharedActionTests
{
    [Fact]
    public void Calls_during_action_share_the_next_one()
    {
        Thread[] others = [];
        int performed = 0;
        bool areWaiting = false;
        SharedAction? shared = null;
        shared = new SharedAction(() =>
        {
            if (++performed > 1) return;

            // This action has begun too early for them.
            others = [.. Enumerable.Range(0, 5).Select(_ => new Thread(shared!.Perform))];
            foreach (Thread other in others) other.Start();
            areWaiting = SpinWait.SpinUntil(() => others.All(other => other.ThreadState == ThreadState.WaitSleepJoin), TimeSpan.FromSeconds(30));
        });

        shared.Perform();

        Assert.All(others, other => Assert.True(other.Join(TimeSpan.FromSeconds(30))));
        Assert.Equal((true, 2), (areWaiting, performed));
    }

    [Fact]
    public void Exception_is_thrown_and_action_is_performed_again()
    {
        int performed = 0;
        var shared = new SharedAction(() =>
        {
            if (++performed == 1) throw new IOException("The disk fails.");
        });

        Assert.Throws<IOException>(shared.Perform);
        shared.Perform();

        Assert.Equal(2, performed);
    }
}
