using System.Management.Automation;
using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests.Commands;

public sealed class PublishFaceGenFaceTests
{
    [Fact]
    public async Task Publish_link_serves_many_requests()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run("""
            param($face)
            $published = Publish-FaceGenFace $face
            $published
            $published | New-FaceGenImage -Prompt a -Width 32
            'b' | New-FaceGenImage -FaceImage $published.FaceImage -Width 32
            New-FaceGenImage c $published -Width 32
            """, fixture.Face).WithoutErrors();

        PSObject published = result.Output[0];
        Assert.Equal(fixture.Face, published.Properties["FilePath"].Value);
        Assert.Equal(new FileInfo(fixture.Face).Length, published.Properties["Length"].Value);
        Assert.InRange((DateTimeOffset)published.Properties["ExpiresAt"].Value, DateTimeOffset.UtcNow.AddHours(23), DateTimeOffset.UtcNow.AddHours(24));
        Assert.Equal(1, CountUploads(fixture));
        Assert.All(fixture.Emulator.Journal.Entries.Skip(1), entry => Assert.Contains(published.ToString(), entry.Body, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Publish_same_image_uploads_once()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run("""
            param($face, $copy)
            [IO.File]::Copy($face, $copy)
            Publish-FaceGenFace $face, $copy
            [IO.FileInfo]::new($face) | Publish-FaceGenFace
            Publish-FaceGenFace -LiteralPath $copy
            """, fixture.Face, Path.Combine(fixture.Folder, "copy.png")).WithoutErrors();

        Assert.Equal(4, result.Output.Count);
        Assert.Single(result.Values("FaceImage").Distinct());
        Assert.Equal(1, CountUploads(fixture));
    }

    [Fact]
    public async Task Publish_invalid_path_reports_one_error_and_publishes_the_others()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        fixture.Write("text.jpg", "no image");
        File.Copy(fixture.Face, Path.Combine(fixture.Folder, "other.png"));

        ScriptResult result = fixture.Run("param($folder) Publish-FaceGenFace $folder/nobody.png, $folder/text.jpg, $folder/*.png", fixture.Folder);

        Assert.Equal(2, result.Output.Count);
        Assert.All(result.Errors, error => Assert.StartsWith("FaceImageInvalid,", error.FullyQualifiedErrorId, StringComparison.Ordinal));
        Assert.Equal(2, result.Errors.Count);
    }

    [Fact]
    public async Task WhatIf_uploads_nothing()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        Assert.Empty(fixture.Run("param($face) Publish-FaceGenFace $face -WhatIf", fixture.Face).WithoutErrors().Output);
        Assert.Empty(fixture.Emulator.Journal.Entries);
    }

    [Fact]
    public async Task Publish_expired_key_reports_KeyRejected()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run("param($uri, $face) $null = Connect-FaceGen -ApiKey expired-key -BaseUri $uri; Publish-FaceGenFace $face", fixture.Emulator.BaseUri, fixture.Face);

        Assert.StartsWith("KeyRejected,", result.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    private static int CountUploads(SessionFixture fixture) => fixture.Emulator.Journal.Entries.Count(entry => entry.Path.EndsWith("base64_to_url", StringComparison.Ordinal));
}
