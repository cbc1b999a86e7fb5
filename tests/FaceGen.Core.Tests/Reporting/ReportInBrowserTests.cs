using FaceGen.Batching;
using FaceGen.Core.Tests.Support;
using FaceGen.Generating;
using FaceGen.Reporting;

namespace FaceGen.Core.Tests.Reporting;

/// <summary>A report as a real browser shows it.</summary>
public sealed class ReportInBrowserTests : IDisposable
{
    private const string Harmful = "<script>document.title = 'run'</script><img src=x onerror=\"document.title = 'run'\"></script>";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [SkippableFact]
    public async Task Five_thousand_rows_are_a_bounded_page_that_is_filtered_and_searched()
    {
        await using Browser browser = await StartAsync();
        string page = Write(Entries.Batch(5000, Picture("portrait #1 100%.png")).Select(ReportEntry.Of));
        await browser.SetScreenAsync(1200, 900);

        await browser.OpenAsync(page);

        Assert.Equal("5,000 requests", await TextAsync(browser, "#count"));
        await BoundedAsync(browser);
        Assert.Equal("portrait 0", await TextAsync(browser, ".line"));
        Assert.Equal("80", await browser.EvaluateAsync<string>("document.querySelector('.card img').decode().then(() => `${document.querySelector('.card img').naturalWidth}`)"));

        // To the last of them, and only what is seen there is in the document.
        await browser.EvaluateAsync("scrollTo(0, document.body.scrollHeight), true");
        await browser.FrameAsync();
        await browser.FrameAsync();
        Assert.Equal("portrait 4998", await browser.EvaluateAsync<string>("[...document.querySelectorAll('.line')].at(-2).textContent"));
        await BoundedAsync(browser);

        await GoAsync(browser, "status=Failed,Uncertain&style=anime&q=portrait 1009");
        Assert.Equal("1 of 5,000 requests", await TextAsync(browser, "#count"));
        Assert.Equal("portrait 1009", await TextAsync(browser, ".line"));
        Assert.Equal("portrait 1009", await browser.EvaluateAsync<string>("document.getElementById('search').value"));
        await GoAsync(browser, "q=CAT 1050");
        Assert.Equal("1 of 5,000 requests", await TextAsync(browser, "#count"));
        await GoAsync(browser, "");
        Assert.Equal("5,000 requests", await TextAsync(browser, "#count"));

        await browser.EvaluateAsync("document.querySelector('[data-value=Failed]').click(), true");
        Assert.Equal("250 of 5,000 requests", await TextAsync(browser, "#count"));
        Assert.Equal("#status=Failed", await browser.EvaluateAsync<string>("location.hash"));
        await GoodAsync(browser);
    }

    [SkippableFact]
    public async Task A_prompt_that_is_a_script_is_text()
    {
        await using Browser browser = await StartAsync();
        BatchItem[] batch = [.. Entries.Batch(10, Picture("a.png")).Select(item => item with { Request = item.Request with { Prompt = Harmful, NegativePrompt = Harmful }, Error = Harmful })];

        await browser.OpenAsync(Write(batch.Select(ReportEntry.Of), Harmful));
        await browser.EvaluateAsync("document.querySelector('.card').click(), true");
        await browser.FrameAsync();

        Assert.Equal(Harmful, await browser.EvaluateAsync<string>("document.title"));
        Assert.Equal(Harmful, await TextAsync(browser, "h1"));
        Assert.Equal(Harmful, await TextAsync(browser, ".line"));
        Assert.Equal(Harmful, await TextAsync(browser, "#detail-prompt"));
        await GoodAsync(browser);
    }

    [SkippableFact]
    public async Task What_would_run_anyway_is_refused_by_the_policy()
    {
        await using Browser browser = await StartAsync();
        await browser.OpenAsync(Write([]));

        await browser.EvaluateAsync("""
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
        await browser.FrameAsync();

        Assert.Equal("A report", await browser.EvaluateAsync<string>("document.title"));
        Assert.Contains(browser.Complaints, complaint => complaint.Contains("Content Security Policy", StringComparison.Ordinal));
    }

    [SkippableFact]
    public async Task The_keyboard_reaches_everything()
    {
        await using Browser browser = await StartAsync();
        await browser.SetScreenAsync(1200, 900);
        await browser.OpenAsync(Write(Entries.Batch(500, Picture("a.png")).Select(ReportEntry.Of)));
        Task<string> Focused() => browser.EvaluateAsync<string>("document.activeElement.querySelector('.line')?.textContent ?? document.activeElement.id");

        await browser.EvaluateAsync("document.querySelector('.card').focus(), true");
        await browser.PressAsync("ArrowRight");
        Assert.Equal("portrait 1", await Focused());
        await browser.PressAsync("ArrowDown");
        Assert.Equal("portrait 6", await Focused());
        await browser.PressAsync("End");
        Assert.Equal("portrait 499", await Focused());
        Assert.True(await browser.EvaluateAsync<bool>("document.activeElement.getBoundingClientRect().bottom <= innerHeight"));
        Assert.Equal(1, await browser.EvaluateAsync<int>("document.querySelectorAll('.card[tabindex=\"0\"]').length"));

        await browser.PressAsync("Enter");
        Assert.True(await browser.EvaluateAsync<bool>("document.getElementById('detail').open"));
        await browser.PressAsync("ArrowLeft");
        Assert.Equal("portrait 498", await TextAsync(browser, "#detail-prompt"));
        await browser.PressAsync("Escape");
        Assert.False(await browser.EvaluateAsync<bool>("document.getElementById('detail').open"));
        Assert.Equal("portrait 498", await Focused());
        await GoodAsync(browser);
    }

    [SkippableFact]
    public async Task It_fits_a_phone_and_the_dark()
    {
        await using Browser browser = await StartAsync();
        string page = Write(Entries.Batch(60, Picture("a.png")).Select(ReportEntry.Of));
        await browser.SetScreenAsync(360, 740, "dark", mobile: true);

        await browser.OpenAsync(page);
        await browser.EvaluateAsync("document.getElementById('gallery').scrollIntoView(), true");
        await browser.FrameAsync();

        Assert.Equal(360, await browser.EvaluateAsync<int>("Math.max(document.documentElement.scrollWidth, document.body.scrollWidth)"));
        Assert.Equal(2, await browser.EvaluateAsync<int>("new Set([...document.querySelectorAll('.cell')].map(cell => Math.round(cell.getBoundingClientRect().left))).size"));
        string dark = await browser.EvaluateAsync<string>("getComputedStyle(document.body).backgroundColor");
        await browser.SetScreenAsync(360, 740, "light", mobile: true);
        Assert.NotEqual(dark, await browser.EvaluateAsync<string>("getComputedStyle(document.body).backgroundColor"));
        await GoodAsync(browser);
    }

    [SkippableFact]
    public async Task The_time_line_tells_how_many_slots_were_in_use_and_cuts_idle_hours_out()
    {
        await using Browser browser = await StartAsync();
        IEnumerable<BatchItem> nextDay = Entries.Batch(50, Picture("a.png")).Select(item => item with
        {
            SubmittedAt = item.SubmittedAt?.AddDays(1), GeneratedAt = item.GeneratedAt?.AddDays(1), EndedAt = item.EndedAt?.AddDays(1),
        });

        await browser.OpenAsync(Write(Entries.Batch(50, Picture("a.png")).Concat(nextDay).Select(ReportEntry.Of)));

        string caption = await TextAsync(browser, "#chart-caption");
        Assert.Contains("100 submitted90 completed10 failed or unknownBelow: slots in use, at most 6, 5.", caption, StringComparison.Ordinal);
        // Two stretches, and in neither of them a moment without a slot in use.
        Assert.Equal(2, await browser.EvaluateAsync<int>("document.querySelectorAll('#chart .use').length"));
        Assert.Equal("no", await browser.EvaluateAsync<string>("[...document.querySelectorAll('#chart .use')].some(path => path.getAttribute('d').includes('V162.0')) ? 'yes' : 'no'"));
        Assert.Equal("Nothing for 23 h 59 min", await TextAsync(browser, "#chart .gap title"));
        await GoodAsync(browser);
    }

    [SkippableFact]
    public async Task Images_of_one_generation_are_one_request_and_a_missing_file_is_told()
    {
        await using Browser browser = await StartAsync();
        var generation = new Generation { Id = "7", Request = Entries.Request("twins"), CreatedAt = Entries.Begin, GenerationTime = 3 };
        ReportEntry[] entries =
        [
            ReportEntry.Of(Entries.Image(Picture("a.png"), generation)),
            ReportEntry.Of(Entries.Image(_folder.PathOf("gone.png"), generation, index: 2)),
        ];

        await browser.OpenAsync(Write(entries));
        await browser.EvaluateAsync("new Promise(done => { const look = () => document.querySelector('.blank') ? done(true) : requestAnimationFrame(look); look(); })");

        Assert.Equal("1 request", await TextAsync(browser, "#count"));
        Assert.Equal("Not foundgone.png", await TextAsync(browser, ".blank"));
    }

    private static async Task<Browser> StartAsync()
    {
        Skip.If(Browser.Hindrance is not null, Browser.Hindrance);
        return await Browser.StartAsync();
    }

    private string Write(IEnumerable<ReportEntry> entries, string title = "A report") =>
        new Uri(Entries.Write(_folder, entries, title)).AbsoluteUri;

    private string Picture(string name) => _folder.Write(name, TestImages.Portrait);

    private static Task<string> TextAsync(Browser browser, string selector) =>
        browser.EvaluateAsync<string>($"document.querySelector('{selector}').textContent");

    private static async Task GoAsync(Browser browser, string hash)
    {
        await browser.EvaluateAsync($"new Promise(done => {{ addEventListener('hashchange', () => done(true), {{ once: true }}); location.hash = '{hash}'; }})");
        await browser.FrameAsync();
    }

    /// <summary>However many rows there are, the document holds those in view: this is what keeps it quick, on any machine.</summary>
    private static async Task BoundedAsync(Browser browser) =>
        Assert.InRange(await browser.EvaluateAsync<int>("document.querySelectorAll('*').length"), 100, 1500);

    /// <summary>No error, nothing that the policy refused, and nothing asked for but files.</summary>
    private static async Task GoodAsync(Browser browser)
    {
        await browser.FrameAsync();
        Assert.Empty(browser.Complaints);
        Assert.All(browser.Requests, address => Assert.StartsWith("file:///", address, StringComparison.Ordinal));
    }
}
