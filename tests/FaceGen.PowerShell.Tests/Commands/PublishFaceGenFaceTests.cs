using System.Management.Automation;
using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests.Commands;

public sealed class PublishFaceGenFaceTests
{
    [Fact]
    public async Task Publish_link_serves_many_requests()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();

        ScriptResult ran = bed.Run("""
            param($face)
            $published = Publish-FaceGenFace $face
            $published
            $published | New-FaceGenImage -Prompt a -Width 32
            'b' | New-FaceGenImage -FaceImage $published.FaceImage -Width 32
            New-FaceGenImage c $published -Width 32
            """, bed.Face).WithoutErrors();

        PSObject published = ran.Output[0];
        Assert.Equal(bed.Face, published.Properties["FilePath"].Value);
        Assert.Equal(new FileInfo(bed.Face).Length, published.Properties["Length"].Value);
        Assert.InRange((DateTimeOffset)published.Properties["ExpiresAt"].Value, DateTimeOffset.UtcNow.AddHours(23), DateTimeOffset.UtcNow.AddHours(24));
        Assert.Equal(1, CountUploads(bed));
        Assert.All(bed.Emulator.Journal.Entries.Skip(1), entry => Assert.Contains(published.ToString(), entry.Body, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Publish_same_image_uploads_once()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();

        ScriptResult ran = bed.Run("""
            param($face, $copy)
            [IO.File]::Copy($face, $copy)
            Publish-FaceGenFace $face, $copy
            [IO.FileInfo]::new($face) | Publish-FaceGenFace
            Publish-FaceGenFace -LiteralPath $copy
            """, bed.Face, Path.Combine(bed.Folder, "copy.png")).WithoutErrors();

        Assert.Equal(4, ran.Output.Count);
        Assert.Single(ran.Values("FaceImage").Distinct());
        Assert.Equal(1, CountUploads(bed));
    }

    [Fact]
    public async Task Publish_invalid_path_reports_one_error_and_publishes_the_others()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();
        bed.Write("text.jpg", "no image");
        File.Copy(bed.Face, Path.Combine(bed.Folder, "other.png"));

        ScriptResult ran = bed.Run("param($folder) Publish-FaceGenFace $folder/nobody.png, $folder/text.jpg, $folder/*.png", bed.Folder);

        Assert.Equal(2, ran.Output.Count);
        Assert.All(ran.Errors, error => Assert.StartsWith("FaceImageInvalid,", error.FullyQualifiedErrorId, StringComparison.Ordinal));
        Assert.Equal(2, ran.Errors.Count);
    }

    [Fact]
    public async Task WhatIf_uploads_nothing()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();

        Assert.Empty(bed.Run("param($face) Publish-FaceGenFace $face -WhatIf", bed.Face).WithoutErrors().Output);
        Assert.Empty(bed.Emulator.Journal.Entries);
    }

    [Fact]
    public async Task Publish_expired_key_reports_KeyRejected()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();

        ScriptResult ran = bed.Run("param($uri, $face) $null = Connect-FaceGen -ApiKey expired-key -BaseUri $uri; Publish-FaceGenFace $face", bed.Emulator.BaseUri, bed.Face);

        Assert.StartsWith("KeyRejected,", ran.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    private static int CountUploads(SessionFixture fixture) => fixture.Emulator.Journal.Entries.Count(entry => entry.Path.EndsWith("base64_to_url", StringComparison.Ordinal));
}
