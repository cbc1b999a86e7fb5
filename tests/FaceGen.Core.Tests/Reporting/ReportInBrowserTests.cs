using FaceGen.Core.Tests.Support;
using FaceGen.Reporting;

namespace FaceGen.Core.Tests.Reporting;

/// <summary>Tests a report in a real browser.</summary>
public sealed class ReportInBrowserTests(ReportInBrowserTests.Started browser) : IClassFixture<ReportInBrowserTests.Started>, IDisposable
{
    private const string Harmful = "<script>document.title = 'run'</script><img src=x onerror=\"document.title = 'run'\"></script>";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Report_of_five_thousand_rows_is_filtered_and_searched()
    {
        await using BrowserTab tab = await OpenAsync();
        string page = Write(Entries.Batch(5000, WriteImage("portrait #1 100%.png")).Select(ReportEntry.From));
        await tab.SetScreenAsync(1200, 900);

        await tab.OpenAsync(page);

        Assert.Equal("5,000 requests", await TextAsync(tab, "#count"));
        await BoundedAsync(tab);
        Assert.Equal("portrait 0", await TextAsync(tab, ".line"));
        Assert.Equal("80", await tab.EvaluateAsync<string>("document.querySelector('.card img').decode().then(() => `${document.querySelector('.card img').naturalWidth}`)"));

        // At the last row, the document contains only the rows in view.
        await tab.EvaluateAsync("scrollTo(0, document.body.scrollHeight), true");
        await tab.WaitForFrameAsync();
        await tab.WaitForFrameAsync();
        Assert.Equal("portrait 4998", await tab.EvaluateAsync<string>("[...document.querySelectorAll('.line')].at(-2).textContent"));
        await BoundedAsync(tab);

        await GoAsync(tab, "status=Failed,Uncertain&style=anime&q=portrait 1009");
        Assert.Equal("1 of 5,000 requests", await TextAsync(tab, "#count"));
        Assert.Equal("portrait 1009", await TextAsync(tab, ".line"));
        Assert.Equal("portrait 1009", await tab.EvaluateAsync<string>("document.getElementById('search').value"));
        await GoAsync(tab, "q=CAT 1050");
        Assert.Equal("1 of 5,000 requests", await TextAsync(tab, "#count"));
        await GoAsync(tab, "");
        Assert.Equal("5,000 requests", await TextAsync(tab, "#count"));

        await tab.EvaluateAsync("document.querySelector('[data-value=Failed]').click(), true");
        Assert.Equal("250 of 5,000 requests", await TextAsync(tab, "#count"));
        Assert.Equal("#status=Failed", await tab.EvaluateAsync<string>("location.hash"));
        await GoodAsync(tab);
    }

    [Fact]
    public async Task Report_prompt_with_script_is_text()
    {
        await using BrowserTab tab = await OpenAsync();
        BatchItem[] batch = [.. Entries.Batch(10, WriteImage("a.png")).Select(item => item with { Request = item.Request with { Prompt = Harmful, NegativePrompt = Harmful }, Error = Harmful })];

        await tab.OpenAsync(Write(batch.Select(ReportEntry.From), Harmful));
        await tab.EvaluateAsync("document.querySelector('.card').click(), true");
        await tab.WaitForFrameAsync();

        Assert.Equal(Harmful, await tab.EvaluateAsync<string>("document.title"));
        Assert.Equal(Harmful, await TextAsync(tab, "h1"));
        Assert.Equal(Harmful, await TextAsync(tab, ".line"));
        Assert.Equal(Harmful, await TextAsync(tab, "#detail-prompt"));
        await GoodAsync(tab);
    }

    [Fact]
    public async Task Report_injected_script_is_blocked_by_policy()
    {
        await using BrowserTab tab = await OpenAsync();
        await tab.OpenAsync(Write([]));

        await tab.EvaluateAsync("""
            (() => {
                const script = document.createElement('script');
                try { script.textContent = "document.title = 'run'"; } catch { }
                document.body.append(script);
                const image = document.createElement('img');
                image.src = 'http://127.0.0.1:9/x.png';
                document.body.append(image);
                return true;
            })()
            """);
        await tab.WaitForFrameAsync();

        Assert.Equal("A report", await tab.EvaluateAsync<string>("document.title"));
        Assert.Contains(tab.Errors, complaint => complaint.Contains("Content Security Policy", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Report_is_usable_by_keyboard()
    {
        await using BrowserTab tab = await OpenAsync();
        await tab.SetScreenAsync(1200, 900);
        await tab.OpenAsync(Write(Entries.Batch(500, WriteImage("a.png")).Select(ReportEntry.From)));
        Task<string> Focused() => tab.EvaluateAsync<string>("document.activeElement.querySelector('.line')?.textContent ?? document.activeElement.id");

        await tab.EvaluateAsync("document.querySelector('.card').focus(), true");
        await tab.PressAsync("ArrowRight");
        Assert.Equal("portrait 1", await Focused());
        await tab.PressAsync("ArrowDown");
        Assert.Equal("portrait 6", await Focused());
        await tab.PressAsync("End");
        Assert.Equal("portrait 499", await Focused());
        Assert.True(await tab.EvaluateAsync<bool>("document.activeElement.getBoundingClientRect().bottom <= innerHeight"));
        Assert.Equal(1, await tab.EvaluateAsync<int>("document.querySelectorAll('.card[tabindex=\"0\"]').length"));

        await tab.PressAsync("Enter");
        Assert.True(await tab.EvaluateAsync<bool>("document.getElementById('detail').open"));
        await tab.PressAsync("ArrowLeft");
        Assert.Equal("portrait 498", await TextAsync(tab, "#detail-prompt"));
        await tab.PressAsync("Escape");
        Assert.False(await tab.EvaluateAsync<bool>("document.getElementById('detail').open"));
        Assert.Equal("portrait 498", await Focused());
        await GoodAsync(tab);
    }

    [Fact]
    public async Task Report_fits_phone_and_dark_mode()
    {
        await using BrowserTab tab = await OpenAsync();
        string page = Write(Entries.Batch(60, WriteImage("a.png")).Select(ReportEntry.From));
        await tab.SetScreenAsync(360, 740, "dark", mobile: true);

        await tab.OpenAsync(page);
        await tab.EvaluateAsync("document.getElementById('gallery').scrollIntoView(), true");
        await tab.WaitForFrameAsync();

        Assert.Equal(360, await tab.EvaluateAsync<int>("Math.max(document.documentElement.scrollWidth, document.body.scrollWidth)"));
        Assert.Equal(2, await tab.EvaluateAsync<int>("new Set([...document.querySelectorAll('.cell')].map(cell => Math.round(cell.getBoundingClientRect().left))).size"));
        string dark = await tab.EvaluateAsync<string>("getComputedStyle(document.body).backgroundColor");
        await tab.SetScreenAsync(360, 740, "light", mobile: true);
        Assert.NotEqual(dark, await tab.EvaluateAsync<string>("getComputedStyle(document.body).backgroundColor"));
        await GoodAsync(tab);
    }

    [Fact]
    public async Task Report_timeline_shows_slots_in_use_without_idle_hours()
    {
        await using BrowserTab tab = await OpenAsync();
        IEnumerable<BatchItem> nextDay = Entries.Batch(50, WriteImage("a.png")).Select(item => item with
        {
            SubmittedAt = item.SubmittedAt?.AddDays(1), GeneratedAt = item.GeneratedAt?.AddDays(1), EndedAt = item.EndedAt?.AddDays(1),
        });

        await tab.OpenAsync(Write(Entries.Batch(50, WriteImage("a.png")).Concat(nextDay).Select(ReportEntry.From)));

        string caption = await TextAsync(tab, "#chart-caption");
        Assert.Contains("100 submitted90 completed10 failed or unknownBelow: slots in use, at most 6, 5.", caption, StringComparison.Ordinal);
        // Two periods, in which a slot is always in use.
        Assert.Equal(2, await tab.EvaluateAsync<int>("document.querySelectorAll('#chart .use').length"));
        Assert.Equal("no", await tab.EvaluateAsync<string>("[...document.querySelectorAll('#chart .use')].some(path => path.getAttribute('d').includes('V162.0')) ? 'yes' : 'no'"));
        Assert.Equal("No activity for 23 h 59 min", await TextAsync(tab, "#chart .gap title"));
        await GoodAsync(tab);
    }

    [Fact]
    public async Task Report_timeline_shows_large_numbers_completely()
    {
        await using BrowserTab tab = await OpenAsync();
        IEnumerable<BatchItem> atOnce = Entries.Batch(12_345, WriteImage("a.png")).Select(item => item with
        {
            SubmittedAt = Entries.Begin, GeneratedAt = Entries.Begin.AddSeconds(3), EndedAt = Entries.Begin.AddSeconds(3),
        });

        await tab.OpenAsync(Write(atOnce.Select(ReportEntry.From)));

        Assert.Equal("12.3K 0 12.3K 0", await tab.EvaluateAsync<string>("[...document.querySelectorAll('#chart text')].slice(0, 4).map(text => text.textContent).join(' ')"));
        Assert.True(await tab.EvaluateAsync<bool>("[...document.querySelectorAll('#chart text')].every(text => text.getBoundingClientRect().left >= document.querySelector('#chart svg').getBoundingClientRect().left)"));
        await GoodAsync(tab);
    }

    [Fact]
    public async Task Report_joins_images_of_generation_and_marks_missing_file()
    {
        await using BrowserTab tab = await OpenAsync();
        var generation = new Generation { Id = "7", Request = Entries.Request("twins"), CreatedAt = Entries.Begin, Seconds = 3 };
        ReportEntry[] entries =
        [
            ReportEntry.From(Entries.Image(WriteImage("a.png"), generation)),
            ReportEntry.From(Entries.Image(_folder.PathOf("gone.png"), generation, index: 2)),
        ];

        await tab.OpenAsync(Write(entries));
        await tab.EvaluateAsync("new Promise(done => { const poll = () => document.querySelector('.blank') ? done(true) : requestAnimationFrame(poll); poll(); })");

        Assert.Equal("1 request", await TextAsync(tab, "#count"));
        Assert.Equal("Not foundgone.png", await TextAsync(tab, ".blank"));
    }

    private async Task<BrowserTab> OpenAsync()
    {
        if (Browser.SkipReason is { } reason) Assert.Skip(reason);
        return await browser.Browser!.OpenTabAsync();
    }

    private string Write(IEnumerable<ReportEntry> entries, string title = "A report") =>
        new Uri(Entries.Write(_folder, entries, title)).AbsoluteUri;

    private string WriteImage(string name) => _folder.Write(name, TestImages.Portrait);

    private static Task<string> TextAsync(BrowserTab tab, string selector) =>
        tab.EvaluateAsync<string>($"document.querySelector('{selector}').textContent");

    private static async Task GoAsync(BrowserTab tab, string hash)
    {
        await tab.EvaluateAsync($"new Promise(done => {{ addEventListener('hashchange', () => done(true), {{ once: true }}); location.hash = '{hash}'; }})");
        await tab.WaitForFrameAsync();
    }

    /// <summary>Asserts that the document contains only the rows in view, which keeps it fast with any number of rows.</summary>
    private static async Task BoundedAsync(BrowserTab tab) =>
        Assert.InRange(await tab.EvaluateAsync<int>("document.querySelectorAll('*').length"), 100, 1500);

    /// <summary>Asserts that the page has no errors or policy violations, and requests only files.</summary>
    private static async Task GoodAsync(BrowserTab tab)
    {
        await tab.WaitForFrameAsync();
        Assert.Empty(tab.Errors);
        Assert.All(tab.Requests, address => Assert.StartsWith("file:///", address, StringComparison.Ordinal));
    }

    /// <summary>The browser, started once.</summary>
    public sealed class Started : IAsyncLifetime
    {
        internal Browser? Browser { get; private set; }

        public async ValueTask InitializeAsync() => Browser = Support.Browser.SkipReason is null ? await Support.Browser.StartAsync() : null;

        public async ValueTask DisposeAsync()
        {
            if (Browser is not null) await Browser.DisposeAsync();
        }
    }
}
