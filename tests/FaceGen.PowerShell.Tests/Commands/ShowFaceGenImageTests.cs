using System.Globalization;
using System.Text.RegularExpressions;
using FaceGen.PowerShell.Tests.Hosting;
using SkiaSharp;

namespace FaceGen.PowerShell.Tests.Commands;

public sealed partial class ShowFaceGenImageTests
{
    [Fact]
    public async Task Show_saved_image_draws_it_and_emits_nothing()
    {
        Assert.SkipUnless(TerminalProcess.IsAvailable, "This test needs a terminal.");
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        string csv = fixture.Write("people.csv", $"prompt,face_image,width\nin a batch,{fixture.Face},32\n");
        string script = fixture.Write("show.ps1", $$"""
            $shown = New-FaceGenImage p '{{fixture.Face}}' -Width 32 -Height 40 | Save-FaceGenOutput '{{fixture.OutputFolder}}' -OutVariable saved | Show-FaceGenImage
            "pipeline: $(@($shown).Count), saved: $($saved.Count)"
            [IO.FileInfo] '{{fixture.Face}}' | Show-FaceGenImage
            Invoke-FaceGenBatch '{{csv}}' -Destination '{{fixture.OutputFolder}}/batch' | Where-Object Id | Show-FaceGenImage
            """);

        string sent = await TerminalProcess.RunAsync(
            script, "TERM=xterm-kitty", "MODELSLAB_API_KEY=emulator-key", $"MODELSLAB_BASE_URL={fixture.Emulator.BaseUri}");

        Assert.Contains("pipeline: 0, saved: 1", sent, StringComparison.Ordinal);
        string[] images = [.. KittyImages().Matches(sent).Select(match => string.Concat(KittyData().Matches(match.Value).Select(data => data.Groups[1].Value)))];
        string[] files = [Directory.GetFiles(fixture.OutputFolder).Single(), fixture.Face, Directory.GetFiles(Path.Combine(fixture.OutputFolder, "batch"), "*.png").Single()];
        Assert.Equal(files.Select(File.ReadAllBytes), images.Select(Convert.FromBase64String));
    }

    [Fact]
    public async Task Show_generation_draws_its_images_and_does_not_lose_them()
    {
        Assert.SkipUnless(TerminalProcess.IsAvailable, "This test needs a terminal.");
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        string script = fixture.Write("show.ps1", $$"""
            $shown = New-FaceGenImage p '{{fixture.Face}}' -Width 32 -Height 40 -Samples 2 | Show-FaceGenImage
            New-FaceGenImage q '{{fixture.Face}}' -Width 32 -Height 40 -NoWait | Show-FaceGenImage
            $saved = Get-FaceGenImage | Save-FaceGenOutput '{{fixture.OutputFolder}}' -Name '{prompt} {index}' -OutVariable saved
            "pipeline: $(@($shown).Count), saved: $($saved.Count), left: $(@(Get-FaceGenImage).Count)"
            """);

        string sent = await TerminalProcess.RunAsync(
            script, "TERM=xterm-kitty", "MODELSLAB_API_KEY=emulator-key", $"MODELSLAB_BASE_URL={fixture.Emulator.BaseUri}");

        Assert.Contains("pipeline: 0, saved: 3, left: 0", sent, StringComparison.Ordinal);
        string[] images = [.. KittyImages().Matches(sent).Select(match => string.Concat(KittyData().Matches(match.Value).Select(data => data.Groups[1].Value)))];
        Assert.Equal(Directory.GetFiles(fixture.OutputFolder).Order().Select(File.ReadAllBytes), images.Select(Convert.FromBase64String));
        Assert.Equal(2, fixture.Emulator.Journal.Accepted);
    }

    [Fact]
    public async Task Show_half_blocks_fit_the_terminal()
    {
        Assert.SkipUnless(TerminalProcess.IsAvailable, "This test needs a terminal.");
        using var folder = new ShowFolder();
        string script = folder.Write("show.ps1", $"""
            Show-FaceGenImage '{folder.Face}' -Width 20
            Show-FaceGenImage '{folder.Face}' -Width 500
            Show-FaceGenImage '{folder.FullName}/*.png'
            """);

        string sent = await TerminalProcess.RunAsync(script, "COLORTERM=truecolor");

        string[] lines = [.. sent.Split('\n').Where(line => line.Contains('▀', StringComparison.Ordinal))];
        // 64 by 80 pixels: 20 by 25, 60 by 75, and 46 by 58, which leaves the last line to the prompt.
        Assert.Equal([.. Enumerable.Repeat(20, 13), .. Enumerable.Repeat(60, 38), .. Enumerable.Repeat(46, 29)],
            lines.Select(line => line.Count(c => c is '▀' or '▄' or ' ')));
        Assert.All(lines, line => Assert.EndsWith("\u001B[0m", line.TrimEnd('\r'), StringComparison.Ordinal));
        Assert.Contains($"\u001B[38;2;{SKColors.SteelBlue.Red};{SKColors.SteelBlue.Green};{SKColors.SteelBlue.Blue}m", lines[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Show_protocol_follows_terminal_or_parameter()
    {
        Assert.SkipUnless(TerminalProcess.IsAvailable, "This test needs a terminal.");
        using var folder = new ShowFolder();
        (string Terminal, string Parameters, string Begins)[] cases =
        [
            ("WT_SESSION=1", "", "\u001BP0;1;0q\"1;1;64;80"),
            ("TERM_PROGRAM=iTerm.app", "", "\u001B]1337;File=inline=1;size="),
            ("TERM=xterm-256color", "", "\u001B[38;5;67m"),
            ("TERM_PROGRAM=iTerm.app", "-Protocol Sixel", "\u001BP0;1;0q\"1;1;64;80"),
            ("TERM=xterm", "-Protocol ITerm2 -Width 7", "width=7;preserveAspectRatio=1:"),
        ];
        string script = folder.Write("show.ps1", string.Concat(cases.Select(each => $"""
            [Environment]::SetEnvironmentVariable('{each.Terminal.Split('=')[0]}', '{each.Terminal.Split('=')[1]}')
            Show-FaceGenImage '{folder.Face}' {each.Parameters}
            [Environment]::SetEnvironmentVariable('{each.Terminal.Split('=')[0]}', $null)
            'the next terminal'

            """)));

        string[] sent = (await TerminalProcess.RunAsync(script)).Split("the next terminal");

        Assert.Equal(cases.Length + 1, sent.Length);
        foreach (((string _, string _, string begins), string shown) in cases.Zip(sent)) Assert.Contains(begins, shown, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Show_invalid_file_reports_error_without_control_sequences()
    {
        Assert.SkipUnless(TerminalProcess.IsAvailable, "This test needs a terminal.");
        using var folder = new ShowFolder();
        File.WriteAllText(Path.Combine(folder.FullName, "\u001B]0;owned\u0007\u001B[31m.png"), "not an image");
        File.Copy(folder.Face, Path.Combine(folder.FullName, "z\u001B]0;owned\u0007.png"));
        string script = folder.Write("show.ps1", $$"""
            $VerbosePreference = 'Continue'
            [IO.DirectoryInfo]::new('{{folder.FullName}}').GetFiles('*.png') | Show-FaceGenImage -Width 10 -ErrorVariable +failed
            Show-FaceGenImage -LiteralPath "{{folder.FullName}}/none`e]0;owned`a.png" -ErrorVariable +failed
            Show-FaceGenImage '{{folder.FullName}}/none*.png' -ErrorVariable +failed
            [IO.Directory]::GetFiles('{{folder.FullName}}', '*.png') | ForEach-Object { Show-FaceGenImage -LiteralPath $_ -Width 10 }
            $failed | ForEach-Object { "$_" }
            """);

        string sent = await TerminalProcess.RunAsync(script, "COLORTERM=truecolor");

        Assert.DoesNotContain("\u001B]0;", sent, StringComparison.Ordinal);
        Assert.Contains("cannot be shown. It is not a complete image.", sent, StringComparison.Ordinal);
        Assert.Contains("It does not exist.", sent, StringComparison.Ordinal);
        Assert.Contains("No file or folder matches", sent, StringComparison.Ordinal);
        // The face and its copy, twice; 10 columns by 12 pixels are 6 lines.
        Assert.Equal(4 * 6, sent.Split('\n').Count(line => line.Contains('▀', StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Show_unsupported_format_reports_error()
    {
        Assert.SkipUnless(TerminalProcess.IsAvailable, "This test needs a terminal.");
        using var folder = new ShowFolder();
        string webp = folder.Save("face.webp", SKEncodedImageFormat.Webp);
        string script = folder.Write("show.ps1", $"""
            Show-FaceGenImage '{webp}' -ErrorVariable failed -ErrorAction SilentlyContinue
            "$($failed.FullyQualifiedErrorId) $failed"
            Show-FaceGenImage '{webp}' -Protocol ITerm2
            """);

        string sent = await TerminalProcess.RunAsync(script);

        Assert.Contains($"ImageInvalid,FaceGen.PowerShell.Commands.ShowFaceGenImageCommand '{webp}' cannot be shown. It is a WebP image, which HalfBlock cannot show. The protocol ITerm2 shows all formats.",
            sent, StringComparison.Ordinal);
        Assert.Contains($"size={new FileInfo(webp).Length};", sent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Show_jpeg_is_decoded_for_the_terminal()
    {
        Assert.SkipUnless(TerminalProcess.IsAvailable, "This test needs a terminal.");
        using var folder = new ShowFolder();
        string jpeg = folder.Save("face.jpg", SKEncodedImageFormat.Jpeg);
        string script = folder.Write("show.ps1", $"""
            Show-FaceGenImage '{jpeg}' -Protocol HalfBlock -Width 20
            Show-FaceGenImage '{jpeg}' -Protocol Sixel
            Show-FaceGenImage '{jpeg}' -Protocol Kitty
            """);

        string sent = await TerminalProcess.RunAsync(script, "COLORTERM=truecolor");

        Match color = Color().Match(sent);
        foreach ((byte expected, Group drawn) in new[] { SKColors.SteelBlue.Red, SKColors.SteelBlue.Green, SKColors.SteelBlue.Blue }.Zip(color.Groups.Values.Skip(1)))
            Assert.InRange(int.Parse(drawn.Value, CultureInfo.InvariantCulture), expected - 6, expected + 6);
        Assert.Contains("\u001BP0;1;0q\"1;1;64;80", sent, StringComparison.Ordinal);
        Assert.Contains("\u001B_Ga=T,f=32,s=64,v=80,q=2,c=8,m=1;", sent, StringComparison.Ordinal);
        string pixels = string.Concat(KittyData().Matches(sent).Select(data => data.Groups[1].Value));
        Assert.Equal(64 * 80 * 4, Convert.FromBase64String(pixels).Length);
    }

    [Fact]
    public async Task Show_output_redirected_draws_nothing()
    {
        using var folder = new ShowFolder();
        string script = folder.Write("show.ps1", $$"""
            foreach ($protocol in 'Auto', 'Kitty', 'ITerm2', 'Sixel', 'HalfBlock') { Show-FaceGenImage '{{folder.Face}}' -Protocol $protocol }
            'the end'
            Show-FaceGenImage '{{folder.Face}}' -Verbose
            Show-FaceGenImage nowhere.png -ErrorAction SilentlyContinue -ErrorVariable missing
            "$($missing.Count) missing"
            """);

        string output = await TerminalProcess.RunRedirectedAsync(script, "TERM=xterm-kitty", "COLORTERM=truecolor");

        Assert.Equal(["the end", "VERBOSE: The output is redirected, so no image is shown. Run the command in a terminal.", "1 missing"], Style().Replace(output, "").Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
    }

    [Fact]
    public async Task Show_terminal_without_control_sequences_warns()
    {
        Assert.SkipUnless(TerminalProcess.IsAvailable, "This test needs a terminal.");
        using var folder = new ShowFolder();
        string script = folder.Write("show.ps1", $"Show-FaceGenImage '{folder.Face}'");

        string sent = await TerminalProcess.RunAsync(script, "TERM=dumb");

        Assert.StartsWith("WARNING: This host does not support control sequences", sent.Trim(), StringComparison.Ordinal);
    }

    [GeneratedRegex("\u001B_Ga=T,f=100.*?m=0;[^\u001B]*\u001B\\\\", RegexOptions.Singleline)]
    private static partial Regex KittyImages();

    [GeneratedRegex("\u001B_G[^;]*;([^\u001B]*)\u001B\\\\")]
    private static partial Regex KittyData();

    [GeneratedRegex("\u001B\\[38;2;(\\d+);(\\d+);(\\d+)m")]
    private static partial Regex Color();

    [GeneratedRegex("\u001B\\[[0-9;]*m")]
    private static partial Regex Style();

    /// <summary>A temporary folder with a face image.</summary>
    private sealed class ShowFolder : IDisposable
    {
        internal ShowFolder()
        {
            Face = Path.Combine(FullName, "face.png");
            File.WriteAllBytes(Face, SessionFixture.DrawFace());
        }

        internal string FullName { get; } = Directory.CreateTempSubdirectory("facegen-show-").FullName;

        internal string Face { get; }

        /// <summary>Saves the face in another format.</summary>
        internal string Save(string name, SKEncodedImageFormat format)
        {
            string path = Path.Combine(FullName, name);
            using SKBitmap bitmap = SKBitmap.Decode(Face);
            using SKData data = bitmap.Encode(format, 90);
            File.WriteAllBytes(path, data.ToArray());
            return path;
        }

        internal string Write(string name, string text)
        {
            string path = Path.Combine(FullName, name);
            File.WriteAllText(path, text);
            return path;
        }

        public void Dispose() => Directory.Delete(FullName, recursive: true);
    }
}
