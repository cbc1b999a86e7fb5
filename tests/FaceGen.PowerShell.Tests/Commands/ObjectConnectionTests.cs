using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests.Commands;

/// <summary>Objects act at the account that they belong to, whichever connection is the runspace's default.</summary>
public sealed class ObjectConnectionTests : IAsyncLifetime
{
    private const string Setup = """
        param($labUri, $face, $out, $manifest)
        $lab = Connect-FaceGen -ApiKey emulator-key -BaseUri $labUri -Name lab
        # Both services give the same numbers.
        $mine = New-FaceGenImage mine $face -Width 32
        function Send-Away([int] $Depth = 2) { $input | ForEach-Object { [Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize($_, $Depth)) } }

        """;

    private TestBed _bed = null!;
    private TestBed _lab = null!;

    public async ValueTask InitializeAsync()
    {
        _bed = await TestBed.StartAsync();
        _lab = await TestBed.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _bed.DisposeAsync();
        await _lab.DisposeAsync();
    }

    [Theory]
    [InlineData("$g | Save-FaceGenOutput $out -RemoveAfterSave")]
    [InlineData("$g | Save-FaceGenOutput $out | Remove-FaceGenImage -Confirm:$false")]
    [InlineData("$g | Remove-FaceGenImage -Confirm:$false")]
    [InlineData("Remove-FaceGenImage $g -Confirm:$false")]
    [InlineData("Remove-FaceGenImage -Id $g, $g -Confirm:$false")]
    [InlineData("Remove-FaceGenImage -InputObject $g -Confirm:$false")]
    [InlineData("$g | Get-FaceGenImage | Remove-FaceGenImage -Confirm:$false")]
    [InlineData("$g | Wait-FaceGenImage | Remove-FaceGenImage -Confirm:$false")]
    [InlineData("Wait-FaceGenImage -Id $g | Remove-FaceGenImage -Confirm:$false")]
    public void Remove_object_of_named_connection_deletes_at_its_own_account(string script)
    {
        Ran ran = Run("$g = New-FaceGenImage theirs $face -Width 32 -Connection lab; " + script + "; $g.Id -eq $mine.Id; (Get-FaceGenImage $mine.Id).Status").WithoutErrors();

        Assert.Equal(["True", "Success"], ran.Output.TakeLast(2).Select(item => item.ToString()));
        Assert.Equal((0, 1), (Deletions(_bed), Deletions(_lab)));
    }

    [Theory]
    [InlineData("$sent | Get-FaceGenImage")]
    [InlineData("Get-FaceGenImage $sent")]
    [InlineData("$sent | Wait-FaceGenImage")]
    [InlineData("Wait-FaceGenImage -Id $sent")]
    public void Poll_object_of_named_connection_asks_its_own_account(string script)
    {
        Ran ran = Run("$sent = New-FaceGenImage theirs $face -NoWait -Connection lab; $got = " + script + "; $got.Account -eq $lab.Account").WithoutErrors();

        Assert.Equal("True", ran.Single.ToString());
        Assert.DoesNotContain(_bed.Emulator.Journal.Entries, entry => entry.Path.Contains("/fetch/", StringComparison.Ordinal));
    }

    [Fact]
    public void One_pipeline_with_objects_of_two_connections_acts_for_each_at_its_own()
    {
        Ran ran = Run("""
            $mine, (New-FaceGenImage theirs $face -Width 48 -Connection lab) | Save-FaceGenOutput $out -Name '{prompt}' -RemoveAfterSave | ForEach-Object { "$($_.Generation.Prompt) $($_.Account -eq $lab.Account)" }
            """).WithoutErrors();

        Assert.Equal(["mine False", "theirs True"], ran.Output.Select(item => item.ToString()!).Order(StringComparer.Ordinal));
        Assert.Equal((1, 1), (Deletions(_bed), Deletions(_lab)));
    }

    [Fact]
    public void Same_id_of_two_connections_is_two_generations()
    {
        Ran ran = Run("""
            $g = New-FaceGenImage theirs $face -Width 48 -Connection lab
            $mine, $g | Save-FaceGenOutput $out -Force -RemoveAfterSave
            """);

        // One must not replace the other by the same name: it is refused, whichever comes second, and not deleted.
        Assert.Equal("FileExists", Id(ran));
        bool isLabSaved = ((string)ran.Single.Properties["Account"].Value).StartsWith(_lab.Emulator.BaseUri.AbsoluteUri, StringComparison.Ordinal);
        Assert.Equal(isLabSaved ? (0, 1) : (1, 0), (Deletions(_bed), Deletions(_lab)));
    }

    [Theory]
    [InlineData("Save-FaceGenOutput $out -RemoveAfterSave -Connection Default")]
    [InlineData("Remove-FaceGenImage -Confirm:$false -Connection Default")]
    [InlineData("Get-FaceGenImage -Connection Default")]
    [InlineData("Wait-FaceGenImage -Connection Default")]
    public void Another_connection_given_explicitly_is_refused_for_that_object_alone(string command)
    {
        Ran ran = Run("$g = New-FaceGenImage theirs $face -Width 32 -Connection lab; $g, $mine | " + command);

        Assert.Equal("ConnectionMismatch", Id(ran));
        Assert.Contains("'lab'", ran.Error.ToString(), StringComparison.Ordinal);
        Assert.Contains("'Default'", ran.Error.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("emulator-key", ran.Error.ToString(), StringComparison.Ordinal);
        Assert.Equal(0, Deletions(_lab));
        // The other object was served.
        if (command.StartsWith("Save", StringComparison.Ordinal) || command.StartsWith("Remove", StringComparison.Ordinal)) Assert.Equal(1, Deletions(_bed));
        else Assert.StartsWith(_bed.Emulator.BaseUri.AbsoluteUri, (string)ran.Single.Properties["Account"].Value, StringComparison.Ordinal);
    }

    [Fact]
    public void The_same_account_given_explicitly_is_taken()
    {
        Run("""
            $g = New-FaceGenImage theirs $face -Width 32 -Connection lab
            $null = Connect-FaceGen -ApiKey emulator-key -BaseUri $labUri -Name again
            $g | Remove-FaceGenImage -Confirm:$false -Connection again
            """).WithoutErrors();

        Assert.Equal((0, 1), (Deletions(_bed), Deletions(_lab)));
    }

    [Theory]
    [InlineData("Remove-FaceGenImage -Confirm:$false")]
    [InlineData("Save-FaceGenOutput $out -RemoveAfterSave")]
    [InlineData("Wait-FaceGenImage")]
    [InlineData("Get-FaceGenImage")]
    public void A_deserialized_object_of_another_account_is_refused_by_name(string command)
    {
        Ran ran = Run("New-FaceGenImage theirs $face -Width 32 -Connection lab | Send-Away | " + command);

        Assert.Equal("ConnectionMismatch", Id(ran));
        Assert.Contains(_lab.Emulator.BaseUri.AbsoluteUri, ran.Error.ToString(), StringComparison.Ordinal);
        Assert.Contains("'Default'", ran.Error.ToString(), StringComparison.Ordinal);
        Assert.Contains("-Connection 'lab'", ran.Error.ToString(), StringComparison.Ordinal);
        Assert.Equal((0, 0), (Deletions(_bed), Deletions(_lab)));
    }

    [Theory]
    [InlineData("[pscustomobject] @{ id = $g.Id; account = $g.Account }")]
    [InlineData("$table = [Collections.Hashtable]::new([StringComparer]::Ordinal); $table['id'] = $g.Id; $table['account'] = $g.Account; $table")]
    [InlineData("$sidecar = [Text.Json.Nodes.JsonNode]::Parse([IO.File]::ReadAllText(($g | Save-FaceGenOutput $out -Sidecar).FullName + '.json')); [pscustomobject] @{ id = [string] $sidecar['id']; account = [string] $sidecar['account'] }")]
    public void A_row_that_names_another_account_is_refused(string row)
    {
        Ran ran = Run($"$g = New-FaceGenImage theirs $face -Width 32 -Connection lab; & {{ {row} }} | Remove-FaceGenImage -Confirm:$false");

        Assert.Equal("ConnectionMismatch", Id(ran));
        Assert.Equal((0, 0), (Deletions(_bed), Deletions(_lab)));
    }

    [Theory]
    [InlineData("Send-Away | Remove-FaceGenImage -Confirm:$false -Connection lab")]
    [InlineData("Send-Away 1 | Remove-FaceGenImage -Confirm:$false -Connection lab")]
    [InlineData("Save-FaceGenOutput $out | Send-Away | Remove-FaceGenImage -Confirm:$false -Connection lab")]
    [InlineData("ForEach-Object { [pscustomobject] @{ Id = $_.Id; Account = $_.Account } } | Remove-FaceGenImage -Confirm:$false -Connection lab")]
    [InlineData("ForEach-Object { [pscustomobject] @{ Id = $_.Id } } | Remove-FaceGenImage -Confirm:$false -Connection lab")]
    public void A_deserialized_object_acts_at_its_account_when_that_is_named(string rest)
    {
        Run("New-FaceGenImage theirs $face -Width 32 -Connection lab | " + rest).WithoutErrors();

        Assert.Equal((0, 1), (Deletions(_bed), Deletions(_lab)));
    }

    [Fact]
    public void Two_keys_of_one_address_are_two_accounts()
    {
        Ran ran = Run("""
            $null = Connect-FaceGen -ApiKey another-key -BaseUri $labUri -Name other
            $g = New-FaceGenImage theirs $face -Width 32 -Connection lab
            $g | Remove-FaceGenImage -Confirm:$false -Connection other
            """);

        Assert.Equal("ConnectionMismatch", Id(ran));
        Assert.Equal(0, Deletions(_lab));
    }

    [Fact]
    public void An_object_of_an_older_version_uses_the_connection_of_the_command()
    {
        Run("New-FaceGenImage theirs $face -Width 32 -Connection lab | Send-Away | ForEach-Object { $_.PSObject.Properties.Remove('Account'); $_ } | Remove-FaceGenImage -Confirm:$false -Connection lab").WithoutErrors();

        Assert.Equal((0, 1), (Deletions(_bed), Deletions(_lab)));
    }

    [Fact]
    public void No_serialization_of_an_object_holds_the_key_or_the_connection()
    {
        Ran ran = Run("""
            $g = New-FaceGenImage theirs $face -Width 32 -Connection lab
            $saved = $g | Save-FaceGenOutput $out
            foreach ($item in $g, $saved, (Publish-FaceGenFace $face -Connection lab), $lab) {
                [Management.Automation.PSSerializer]::Serialize($item, 5)
                [Text.Json.JsonSerializer]::Serialize($item, $item.GetType())
            }
            """).WithoutErrors();

        Assert.Equal(8, ran.Output.Count);
        Assert.All(ran.Output, text => Assert.DoesNotContain("emulator-key", text.ToString(), StringComparison.Ordinal));
        Assert.All(ran.Output.Take(6), text => Assert.DoesNotContain("TimeoutSec", text.ToString(), StringComparison.Ordinal));
        Assert.All(ran.Output, text => Assert.Contains("Account", text.ToString(), StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("$g | Save-FaceGenOutput $out -Verbose")]
    [InlineData("$g | Remove-FaceGenImage -Confirm:$false -Verbose")]
    [InlineData("New-FaceGenImage p $face -Width 32 -Connection lab -Verbose")]
    [InlineData("Publish-FaceGenFace $face -Connection lab -Verbose")]
    public void What_is_confirmed_names_the_connection(string script)
    {
        Ran ran = Run("$g = New-FaceGenImage theirs $face -Width 32 -Connection lab; " + script).WithoutErrors();

        Assert.Contains(ran.Verbose, line => line.StartsWith("Performing the operation", StringComparison.Ordinal) && line.Contains($"'lab' ({_lab.Emulator.BaseUri}", StringComparison.Ordinal));
    }

    [Fact]
    public void Threads_need_no_connection_of_their_own()
    {
        Run("""
            New-FaceGenImage theirs $face -Width 32 -Connection lab | ForEach-Object -Parallel {
                Import-Module $using:manifest
                $_ | Save-FaceGenOutput $using:out -RemoveAfterSave
            }
            """).WithoutErrors();

        Assert.Equal((0, 1), (Deletions(_bed), Deletions(_lab)));
    }

    [Fact]
    public void An_object_of_an_ended_connection_asks_for_it_again()
    {
        Ran ran = Run("""
            $g = New-FaceGenImage theirs $face -Width 32 -Connection lab
            Disconnect-FaceGen lab
            $g, $mine | Save-FaceGenOutput $out -Name '{prompt}' | ForEach-Object { $_.Generation.Prompt }
            $null = Connect-FaceGen -ApiKey emulator-key -BaseUri $labUri -Name 'another name'
            $g | Save-FaceGenOutput $out -Name '{prompt}' | ForEach-Object { $_.Generation.Prompt }
            """);

        Assert.Equal("NotConnected", Id(ran));
        Assert.Contains("Connect-FaceGen", ran.Error.ToString(), StringComparison.Ordinal);
        Assert.Equal(["mine", "theirs"], ran.Output.Select(item => item.ToString()));
    }

    [Fact]
    public void What_was_shown_or_saved_is_not_pending_at_its_own_account()
    {
        Ran ran = Run("""
            $g = New-FaceGenImage a $face -Width 32 -NoWait -Connection lab
            $h = New-FaceGenImage b $face -Width 32 -NoWait -Connection lab
            $null = $g | Wait-FaceGenImage
            $null = $h | Save-FaceGenOutput $out
            Get-FaceGenImage -Connection lab
            """).WithoutErrors();

        Assert.Empty(ran.Output);
    }

    [Fact]
    public void A_generation_piped_back_is_paid_for_by_its_own_account()
    {
        Run("New-FaceGenImage theirs $face -Width 32 -Connection lab | New-FaceGenImage -Width 48").WithoutErrors();

        Assert.Equal((1, 2), (_bed.Emulator.Journal.Accepted, _lab.Emulator.Journal.Accepted));
    }

    [Fact]
    public void A_generation_piped_back_to_a_connection_that_is_named_is_paid_for_there()
    {
        Run("New-FaceGenImage theirs $face -Width 32 -Connection lab | New-FaceGenImage -Width 48 -Connection Default").WithoutErrors();

        Assert.Equal((2, 1), (_bed.Emulator.Journal.Accepted, _lab.Emulator.Journal.Accepted));
    }

    [Fact]
    public void A_face_that_another_account_has_uploaded_serves()
    {
        Run("$published = Publish-FaceGenFace $face -Connection lab; New-FaceGenImage p $published -Width 32").WithoutErrors();

        Assert.Equal(2, _bed.Emulator.Journal.Accepted);
    }

    [Fact]
    public void A_row_of_a_ledger_is_of_the_account_that_it_was_sent_to()
    {
        string csv = _bed.Write("people.csv", $"prompt,face_image,width\np,{_bed.Face},32\n");

        Ran ran = Run($"$csv = '{csv}'" + """

            $null = Invoke-FaceGenBatch $csv -Destination $out -Connection lab
            $row = Get-FaceGenBatchItem $out
            if ($row.Account -ne $lab.Account) { throw $row.Account }
            $row | Remove-FaceGenImage -Confirm:$false
            $row | Remove-FaceGenImage -Confirm:$false -Connection lab
            """);

        Assert.Equal("ConnectionMismatch", Id(ran));
        Assert.Equal((0, 1), (Deletions(_bed), Deletions(_lab)));
    }

    private Ran Run(string script) => _bed.Run(Setup + script, _lab.Emulator.BaseUri, _bed.Face, _bed.Out, StagedModule.Manifest);

    private static string Id(Ran ran) => ran.Error.FullyQualifiedErrorId.Split(',')[0];

    private static int Deletions(TestBed bed) => bed.Emulator.Journal.Entries.Count(entry => entry.Path.EndsWith("/delete_image", StringComparison.Ordinal) && entry.Status == 200);
}
