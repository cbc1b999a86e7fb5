using System.Management.Automation;
using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests.Commands;

public sealed class PublishFaceGenFaceTests
{
    [Fact]
    public async Task A_link_serves_many_requests()
    {
        await using TestBed bed = await TestBed.StartAsync();

        Ran ran = bed.Run("""
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
        Assert.Equal(1, Uploads(bed));
        Assert.All(bed.Emulator.Journal.Entries.Skip(1), entry => Assert.Contains(published.ToString(), entry.Body, StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_this_session_has_uploaded_is_not_uploaded_again()
    {
        await using TestBed bed = await TestBed.StartAsync();

        Ran ran = bed.Run("""
            param($face, $copy)
            [IO.File]::Copy($face, $copy)
            Publish-FaceGenFace $face, $copy
            [IO.FileInfo]::new($face) | Publish-FaceGenFace
            Publish-FaceGenFace -LiteralPath $copy
            """, bed.Face, Path.Combine(bed.Folder, "copy.png")).WithoutErrors();

        Assert.Equal(4, ran.Output.Count);
        Assert.Single(ran.Each("FaceImage").Distinct());
        Assert.Equal(1, Uploads(bed));
    }

    [Fact]
    public async Task Wildcards_name_several_and_each_path_fails_by_itself()
    {
        await using TestBed bed = await TestBed.StartAsync();
        bed.Write("text.jpg", "no image");
        File.Copy(bed.Face, Path.Combine(bed.Folder, "other.png"));

        Ran ran = bed.Run("param($folder) Publish-FaceGenFace $folder/nobody.png, $folder/text.jpg, $folder/*.png", bed.Folder);

        Assert.Equal(2, ran.Output.Count);
        Assert.All(ran.Errors, error => Assert.StartsWith("FaceImageInvalid,", error.FullyQualifiedErrorId, StringComparison.Ordinal));
        Assert.Equal(2, ran.Errors.Count);
    }

    [Fact]
    public async Task WhatIf_uploads_nothing()
    {
        await using TestBed bed = await TestBed.StartAsync();

        Assert.Empty(bed.Run("param($face) Publish-FaceGenFace $face -WhatIf", bed.Face).WithoutErrors().Output);
        Assert.Empty(bed.Emulator.Journal.Entries);
    }

    [Fact]
    public async Task A_key_that_is_no_longer_good_is_told()
    {
        await using TestBed bed = await TestBed.StartAsync();

        Ran ran = bed.Run("param($uri, $face) $null = Connect-FaceGen -ApiKey expired-key -BaseUri $uri; Publish-FaceGenFace $face", bed.Emulator.BaseUri, bed.Face);

        Assert.StartsWith("KeyRejected,", ran.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    private static int Uploads(TestBed bed) => bed.Emulator.Journal.Entries.Count(entry => entry.Path.EndsWith("base64_to_url", StringComparison.Ordinal));
}
