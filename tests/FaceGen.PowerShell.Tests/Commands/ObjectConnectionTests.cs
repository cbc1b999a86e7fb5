using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests.Commands;

/// <summary>Objects use a connection to their own account, not the runspace's default.</summary>
public sealed class ObjectConnectionTests : IAsyncLifetime
{
    private const string Setup = """
        param($labUri, $face, $out, $manifest)
        $lab = Connect-FaceGen -ApiKey emulator-key -BaseUri $labUri -Name lab
        # Both services give the same numbers.
        $mine = New-FaceGenImage mine $face -Width 32
        function Send-Away([int] $Depth = 2) { $input | ForEach-Object { [Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize($_, $Depth)) } }

        """;

    private SessionFixture _default = null!;
    private SessionFixture _lab = null!;

    public async ValueTask InitializeAsync()
    {
        _default = await SessionFixture.StartAsync();
        _lab = await SessionFixture.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _default.DisposeAsync();
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
    public void Remove_object_of_named_connection_deletes_at_its_account(string script)
    {
        ScriptResult result = Run("$g = New-FaceGenImage theirs $face -Width 32 -Connection lab; " + script + "; $g.Id -eq $mine.Id; (Get-FaceGenImage $mine.Id).Status").WithoutErrors();

        Assert.Equal(["True", "Success"], result.Output.TakeLast(2).Select(item => item.ToString()));
        Assert.Equal((0, 1), (CountDeletions(_default), CountDeletions(_lab)));
    }

    [Theory]
    [InlineData("$sent | Get-FaceGenImage")]
    [InlineData("Get-FaceGenImage $sent")]
    [InlineData("$sent | Wait-FaceGenImage")]
    [InlineData("Wait-FaceGenImage -Id $sent")]
    public void Fetch_object_of_named_connection_uses_its_account(string script)
    {
        ScriptResult result = Run("$sent = New-FaceGenImage theirs $face -NoWait -Connection lab; $got = " + script + "; $got.Account -eq $lab.Account").WithoutErrors();

        Assert.Equal("True", result.Single.ToString());
        Assert.DoesNotContain(_default.Emulator.Journal.Entries, entry => entry.Path.Contains("/fetch/", StringComparison.Ordinal));
    }

    [Fact]
    public void Save_objects_of_two_connections_uses_both_accounts()
    {
        ScriptResult result = Run("""
            $mine, (New-FaceGenImage theirs $face -Width 48 -Connection lab) | Save-FaceGenOutput $out -Name '{prompt}' -RemoveAfterSave | ForEach-Object { "$($_.Generation.Prompt) $($_.Account -eq $lab.Account)" }
            """).WithoutErrors();

        Assert.Equal(["mine False", "theirs True"], result.Output.Select(item => item.ToString()!).Order(StringComparer.Ordinal));
        Assert.Equal((1, 1), (CountDeletions(_default), CountDeletions(_lab)));
    }

    [Fact]
    public void Save_same_id_of_two_connections_is_two_generations()
    {
        ScriptResult result = Run("""
            $g = New-FaceGenImage theirs $face -Width 48 -Connection lab
            $mine, $g | Save-FaceGenOutput $out -Force -RemoveAfterSave
            """);

        // The second image of the same name is refused, and not deleted.
        Assert.Equal("FileExists", GetErrorId(result));
        bool isLabSaved = ((string)result.Single.Properties["Account"].Value).StartsWith(_lab.Emulator.BaseUri.AbsoluteUri, StringComparison.Ordinal);
        Assert.Equal(isLabSaved ? (0, 1) : (1, 0), (CountDeletions(_default), CountDeletions(_lab)));
    }

    [Theory]
    [InlineData("Save-FaceGenOutput $out -RemoveAfterSave -Connection Default")]
    [InlineData("Remove-FaceGenImage -Confirm:$false -Connection Default")]
    [InlineData("Get-FaceGenImage -Connection Default")]
    [InlineData("Wait-FaceGenImage -Connection Default")]
    public void Explicit_connection_of_another_account_is_refused(string command)
    {
        ScriptResult result = Run("$g = New-FaceGenImage theirs $face -Width 32 -Connection lab; $g, $mine | " + command);

        Assert.Equal("ConnectionMismatch", GetErrorId(result));
        Assert.Contains("'lab'", result.Error.ToString(), StringComparison.Ordinal);
        Assert.Contains("'Default'", result.Error.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("emulator-key", result.Error.ToString(), StringComparison.Ordinal);
        Assert.Equal(0, CountDeletions(_lab));
        // The other object succeeded.
        if (command.StartsWith("Save", StringComparison.Ordinal) || command.StartsWith("Remove", StringComparison.Ordinal)) Assert.Equal(1, CountDeletions(_default));
        else Assert.StartsWith(_default.Emulator.BaseUri.AbsoluteUri, (string)result.Single.Properties["Account"].Value, StringComparison.Ordinal);
    }

    [Fact]
    public void Explicit_connection_of_the_same_account_is_used()
    {
        Run("""
            $g = New-FaceGenImage theirs $face -Width 32 -Connection lab
            $null = Connect-FaceGen -ApiKey emulator-key -BaseUri $labUri -Name again
            $g | Remove-FaceGenImage -Confirm:$false -Connection again
            """).WithoutErrors();

        Assert.Equal((0, 1), (CountDeletions(_default), CountDeletions(_lab)));
    }

    [Theory]
    [InlineData("Remove-FaceGenImage -Confirm:$false")]
    [InlineData("Save-FaceGenOutput $out -RemoveAfterSave")]
    [InlineData("Wait-FaceGenImage")]
    [InlineData("Get-FaceGenImage")]
    public void Deserialized_object_of_another_account_is_refused(string command)
    {
        ScriptResult result = Run("New-FaceGenImage theirs $face -Width 32 -Connection lab | Send-Away | " + command);

        Assert.Equal("ConnectionMismatch", GetErrorId(result));
        Assert.Contains(_lab.Emulator.BaseUri.AbsoluteUri, result.Error.ToString(), StringComparison.Ordinal);
        Assert.Contains("'Default'", result.Error.ToString(), StringComparison.Ordinal);
        Assert.Contains("-Connection 'lab'", result.Error.ToString(), StringComparison.Ordinal);
        Assert.Equal((0, 0), (CountDeletions(_default), CountDeletions(_lab)));
    }

    [Theory]
    [InlineData("[pscustomobject] @{ id = $g.Id; account = $g.Account }")]
    [InlineData("$table = [Collections.Hashtable]::new([StringComparer]::Ordinal); $table['id'] = $g.Id; $table['account'] = $g.Account; $table")]
    [InlineData("$sidecar = [Text.Json.Nodes.JsonNode]::Parse([IO.File]::ReadAllText(($g | Save-FaceGenOutput $out -Sidecar).FullName + '.json')); [pscustomobject] @{ id = [string] $sidecar['id']; account = [string] $sidecar['account'] }")]
    public void Row_that_names_another_account_is_refused(string row)
    {
        ScriptResult result = Run($"$g = New-FaceGenImage theirs $face -Width 32 -Connection lab; & {{ {row} }} | Remove-FaceGenImage -Confirm:$false");

        Assert.Equal("ConnectionMismatch", GetErrorId(result));
        Assert.Equal((0, 0), (CountDeletions(_default), CountDeletions(_lab)));
    }

    [Theory]
    [InlineData("Send-Away | Remove-FaceGenImage -Confirm:$false -Connection lab")]
    [InlineData("Send-Away 1 | Remove-FaceGenImage -Confirm:$false -Connection lab")]
    [InlineData("Save-FaceGenOutput $out | Send-Away | Remove-FaceGenImage -Confirm:$false -Connection lab")]
    [InlineData("ForEach-Object { [pscustomobject] @{ Id = $_.Id; Account = $_.Account } } | Remove-FaceGenImage -Confirm:$false -Connection lab")]
    [InlineData("ForEach-Object { [pscustomobject] @{ Id = $_.Id } } | Remove-FaceGenImage -Confirm:$false -Connection lab")]
    public void Deserialized_object_with_its_connection_is_accepted(string rest)
    {
        Run("New-FaceGenImage theirs $face -Width 32 -Connection lab | " + rest).WithoutErrors();

        Assert.Equal((0, 1), (CountDeletions(_default), CountDeletions(_lab)));
    }

    [Fact]
    public void Explicit_connection_with_another_key_is_refused()
    {
        ScriptResult result = Run("""
            $null = Connect-FaceGen -ApiKey another-key -BaseUri $labUri -Name other
            $g = New-FaceGenImage theirs $face -Width 32 -Connection lab
            $g | Remove-FaceGenImage -Confirm:$false -Connection other
            """);

        Assert.Equal("ConnectionMismatch", GetErrorId(result));
        Assert.Equal(0, CountDeletions(_lab));
    }

    [Fact]
    public void Object_without_account_uses_the_command_connection()
    {
        Run("New-FaceGenImage theirs $face -Width 32 -Connection lab | Send-Away | ForEach-Object { $_.PSObject.Properties.Remove('Account'); $_ } | Remove-FaceGenImage -Confirm:$false -Connection lab").WithoutErrors();

        Assert.Equal((0, 1), (CountDeletions(_default), CountDeletions(_lab)));
    }

    [Fact]
    public void Serialized_objects_contain_no_key_and_no_connection()
    {
        ScriptResult result = Run("""
            $g = New-FaceGenImage theirs $face -Width 32 -Connection lab
            $saved = $g | Save-FaceGenOutput $out
            foreach ($item in $g, $saved, (Publish-FaceGenFace $face -Connection lab), $lab) {
                [Management.Automation.PSSerializer]::Serialize($item, 5)
                [Text.Json.JsonSerializer]::Serialize($item, $item.GetType())
            }
            """).WithoutErrors();

        Assert.Equal(8, result.Output.Count);
        Assert.All(result.Output, text => Assert.DoesNotContain("emulator-key", text.ToString(), StringComparison.Ordinal));
        Assert.All(result.Output.Take(6), text => Assert.DoesNotContain("TimeoutSec", text.ToString(), StringComparison.Ordinal));
        Assert.All(result.Output, text => Assert.Contains("Account", text.ToString(), StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("$g | Save-FaceGenOutput $out -Verbose")]
    [InlineData("$g | Remove-FaceGenImage -Confirm:$false -Verbose")]
    [InlineData("New-FaceGenImage p $face -Width 32 -Connection lab -Verbose")]
    [InlineData("Publish-FaceGenFace $face -Connection lab -Verbose")]
    public void ShouldProcess_message_names_the_connection(string script)
    {
        ScriptResult result = Run("$g = New-FaceGenImage theirs $face -Width 32 -Connection lab; " + script).WithoutErrors();

        Assert.Contains(result.Verbose, line => line.StartsWith("Performing the operation", StringComparison.Ordinal) && line.Contains($"'lab' ({_lab.Emulator.BaseUri}", StringComparison.Ordinal));
    }

    [Fact]
    public void Object_in_another_thread_uses_its_connection()
    {
        Run("""
            New-FaceGenImage theirs $face -Width 32 -Connection lab | ForEach-Object -Parallel {
                Import-Module $using:manifest
                $_ | Save-FaceGenOutput $using:out -RemoveAfterSave
            }
            """).WithoutErrors();

        Assert.Equal((0, 1), (CountDeletions(_default), CountDeletions(_lab)));
    }

    [Fact]
    public void Object_of_disconnected_connection_is_refused_until_reconnected()
    {
        ScriptResult result = Run("""
            $g = New-FaceGenImage theirs $face -Width 32 -Connection lab
            Disconnect-FaceGen lab
            $g, $mine | Save-FaceGenOutput $out -Name '{prompt}' | ForEach-Object { $_.Generation.Prompt }
            $null = Connect-FaceGen -ApiKey emulator-key -BaseUri $labUri -Name 'another name'
            $g | Save-FaceGenOutput $out -Name '{prompt}' | ForEach-Object { $_.Generation.Prompt }
            """);

        Assert.Equal("NotConnected", GetErrorId(result));
        Assert.Contains("Connect-FaceGen", result.Error.ToString(), StringComparison.Ordinal);
        Assert.Equal(["mine", "theirs"], result.Output.Select(item => item.ToString()));
    }

    [Fact]
    public void Pending_list_omits_emitted_and_saved_generations()
    {
        ScriptResult result = Run("""
            $g = New-FaceGenImage a $face -Width 32 -NoWait -Connection lab
            $h = New-FaceGenImage b $face -Width 32 -NoWait -Connection lab
            $null = $g | Wait-FaceGenImage
            $null = $h | Save-FaceGenOutput $out
            Get-FaceGenImage -Connection lab
            """).WithoutErrors();

        Assert.Empty(result.Output);
    }

    [Fact]
    public void Generation_piped_back_is_paid_by_its_account()
    {
        Run("New-FaceGenImage theirs $face -Width 32 -Connection lab | New-FaceGenImage -Width 48").WithoutErrors();

        Assert.Equal((1, 2), (_default.Emulator.Journal.Accepted, _lab.Emulator.Journal.Accepted));
    }

    [Fact]
    public void Generation_piped_back_with_connection_is_paid_there()
    {
        Run("New-FaceGenImage theirs $face -Width 32 -Connection lab | New-FaceGenImage -Width 48 -Connection Default").WithoutErrors();

        Assert.Equal((2, 1), (_default.Emulator.Journal.Accepted, _lab.Emulator.Journal.Accepted));
    }

    [Fact]
    public void FaceImage_uploaded_by_another_account_is_accepted()
    {
        Run("$published = Publish-FaceGenFace $face -Connection lab; New-FaceGenImage p $published -Width 32").WithoutErrors();

        Assert.Equal(2, _default.Emulator.Journal.Accepted);
    }

    [Fact]
    public void Batch_item_belongs_to_the_account_it_was_sent_to()
    {
        string csv = _default.Write("people.csv", $"prompt,face_image,width\np,{_default.Face},32\n");

        ScriptResult result = Run($"$csv = '{csv}'" + """

            $null = Invoke-FaceGenBatch $csv -Destination $out -Connection lab
            $row = Get-FaceGenBatchItem $out
            if ($row.Account -ne $lab.Account) { throw $row.Account }
            $row | Remove-FaceGenImage -Confirm:$false
            $row | Remove-FaceGenImage -Confirm:$false -Connection lab
            """);

        Assert.Equal("ConnectionMismatch", GetErrorId(result));
        Assert.Equal((0, 1), (CountDeletions(_default), CountDeletions(_lab)));
    }

    private ScriptResult Run(string script) => _default.Run(Setup + script, _lab.Emulator.BaseUri, _default.Face, _default.OutputFolder, StagedModule.Manifest);

    private static string GetErrorId(ScriptResult result) => result.Error.FullyQualifiedErrorId.Split(',')[0];

    private static int CountDeletions(SessionFixture fixture) => fixture.Emulator.Journal.Entries.Count(entry => entry.Path.EndsWith("/delete_image", StringComparison.Ordinal) && entry.Status == 200);
}
