using System.Text.Json;
using FaceGen.Emulator.Faults;
using FaceGen.Emulator.Journaling;
using FaceGen.PowerShell.Tests.Hosting;
using FaceGen.Tests.Shared;

namespace FaceGen.PowerShell.Tests.Commands;

/// <summary>Tests that what FaceGen sends matches the published contract, and that the emulator has no warning about it.</summary>
public sealed class ContractTests
{
    [Fact]
    public async Task Requests_match_the_contract_and_cause_no_warning()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync(serviceSeconds: 0.2);
        string large = Path.Combine(fixture.Folder, "large.png");
        File.Copy(fixture.Face, large);
        FaceUploadTests.PadTo2MB(large);
        string csv = fixture.Write("people.csv", """
            prompt,negative_prompt,width,height,num_inference_steps,guidance_scale,s_scale,samples,safety_checker,safety_checker_type,base64,style,seed
            a pilot,blurry,64,72,21,7.50,1.0,2,yes,blur,no,Anime,0
            a diver,,,,,,,,,,true,,
            """);

        fixture.Emulator.Faults.Add(Fault.ById("count-by-get"), FaultOn.Account);
        fixture.Run("""
            param($face, $large, $csv, $out, $ledger)
            $null = New-FaceGenImage 'a pilot' -FaceImage $face -Width 64 -Height 72 -NumInferenceSteps 31 -GuidanceScale 7.5 -SScale 0 -Samples 2 -SafetyChecker $true -SafetyCheckerType black -Base64 -Style comic -Seed -5 -TrackId 7 | Save-FaceGenOutput $out
            $images = 'a', 'b' | New-FaceGenImage -FaceImage $large
            $null = Get-FaceGenImage $images[0].Id
            $null = Publish-FaceGenFace $face
            $null = Import-FaceGenRequest $csv -FaceImage $face | New-FaceGenImage
            $null = Invoke-FaceGenBatch $csv -FaceImage $large -Destination $out -Ledger $ledger
            $null = Get-FaceGenBalance
            $null = Get-FaceGenQueue
            $null = Get-FaceGenImage -All
            $null = New-FaceGenImage 'inline' -FaceImage $face -NoUpload
            $null = New-FaceGenImage 'delivered' -FaceImage $face -Webhook (New-FaceGenWebhook).Uri
            $null = Test-FaceGenConnection
            $images[0] | Remove-FaceGenImage -Confirm:$false
            """, fixture.Face, large, csv, fixture.OutputFolder, Path.Combine(fixture.Folder, "people.ledger")).WithoutErrors();

        JournalEntry[] calls = [.. fixture.Emulator.Journal.Entries.Where(entry => entry.Body is not null)];
        Assert.All(calls, call => ContractSchema.AssertRequest(call.Path, call.Body!));
        Assert.All(calls, call => Assert.Empty(call.Warnings));
        Assert.All(
            ["/face_gen", "/fetch/", "/base64_to_url", "/request_count", "/wallet_balance", "/delete_image", "/assets_generated"],
            path => Assert.Contains(calls, call => call.Path.Contains(path, StringComparison.Ordinal)));
        Assert.Contains(calls, call => call.Method == "GET");
        JsonElement[] submissions = [.. calls.Where(call => call.Path.EndsWith("/face_gen", StringComparison.Ordinal)).Select(call => JsonElement.Parse(call.Body!))];
        Assert.Contains(submissions, body => body.GetProperty("face_image").GetString()!.StartsWith("data:", StringComparison.Ordinal) && body.GetProperty("base64").GetBoolean());
        Assert.Contains(submissions, body => body.TryGetProperty("webhook", out _) && body.GetProperty("track_id").TryGetInt32(out _));
    }

    [Fact]
    public async Task Text_ids_match_the_contract()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        fixture.Emulator.Faults.Add(Fault.ById("Q44-text"), FaultOn.Submit);

        fixture.Run("param($face) New-FaceGenImage 'a pilot' -FaceImage $face -Width 16 -TrackId order_12345 | Remove-FaceGenImage -Confirm:$false", fixture.Face).WithoutErrors();

        JournalEntry[] calls = [.. fixture.Emulator.Journal.Entries.Where(entry => entry.Body is not null)];
        Assert.All(calls, call => ContractSchema.AssertRequest(call.Path, call.Body!));
        Assert.Contains(calls, call => call.Body!.Contains("\"track_id\":\"order_12345\"", StringComparison.Ordinal));
        Assert.Contains(calls, call => call.Body!.Contains("\"request_id\":\"req_", StringComparison.Ordinal));
        // The emulator warns of what only newer pages allow.
        Assert.All(calls.SelectMany(call => call.Warnings), warning => Assert.Matches("track_id|request_id", warning));
    }
}
