#requires -Version 7
<#
.SYNOPSIS
    Breaks the rules of the engine one at a time and shows that the simulation catches each.
.DESCRIPTION
    Copies the tracked files of this working tree, as they are now, into a folder of its own. There it makes one change of
    the table below after the other, builds the simulation, runs every history with a single fault and random ones, and
    prints how many of them failed and by which rule. The first row is the code without a change: it must not fail.

    A change whose text is not in its file exactly once is an error: the code was changed, and the table has to follow.
    The exit code is 1 if a mutant was not caught, or if the code without a change failed.
.PARAMETER Name
    The names of the mutants to run, wildcards included; several are separated by commas. All by default, and the code without
    a change before them.
.PARAMETER Depth
    1 runs every history with a single fault; 0 runs the part of them that the tests run, which does not catch every mutant.
.PARAMETER Histories
    How many random histories are run for each mutant.
.PARAMETER Seconds
    How long each of the tests runs histories at most. Without it, a mutant whose runs do not end would take hours.
.PARAMETER Check
    Only checks whether each change can be made.
.EXAMPLE
    dotnet tool restore
    dotnet pwsh tests/FaceGen.Simulation/mutants.ps1
.EXAMPLE
    dotnet pwsh tests/FaceGen.Simulation/mutants.ps1 -Name 'resend*' -Histories 1000
#>
[CmdletBinding()]
param(
    [string[]] $Name = '*',
    [ValidateRange(0, 1)] [int] $Depth = 1,
    [ValidateRange(0, [int]::MaxValue)] [int] $Histories = 300,
    [ValidateRange(1, [int]::MaxValue)] [int] $Seconds = 600,
    [switch] $Check
)

$ErrorActionPreference = 'Stop'
$core = 'src/FaceGen.Core'
$batches = 'src/FaceGen.Batches'

function New-Mutant([string] $Name, [string] $Rule, [string[][]] $Edits, [string] $Class = 'HistoryTests') {
    [pscustomobject] @{
        Name  = $Name
        Rule  = $Rule
        Class = $Class
        Edits = foreach ($edit in $Edits) { [pscustomobject] @{ File = $edit[0]; Text = $edit[1]; Replacement = $edit[2] } }
    }
}

$mutants = @(
    New-Mutant 'resend after a redirect' 'What may have been accepted is not sent again.' @(
        , @("$core/Http/OutcomeClassifier.cs",
            '>= 300 and < 400 => result.IsSent ? new Outcome.Uncertain(result.Describe()) { FatalError = CreateRedirectError(result, "The submission may have been accepted and charged. ") } : new Outcome.Failed(CreateRedirectError(result)),',
            '>= 300 and < 400 => new Outcome.Retry(result.Describe(), null),'))

    New-Mutant 'a lost response counts as refused' 'What may have been accepted is not sent again.' @(
        , @("$core/Http/OutcomeClassifier.cs",
            '            0 => new Outcome.Uncertain(result.Describe()),',
            '            0 => new Outcome.Retry(result.Describe(), null),'))

    New-Mutant 'resend after an ambiguous response' 'What may have been accepted is not sent again.' @(
        , @("$core/Http/OutcomeClassifier.cs",
            '            _ => new Outcome.Uncertain(result.Describe()),',
            '            _ => new Outcome.Retry(result.Describe(), null),'))

    New-Mutant 'an id with 429 counts as refused' 'An id is an acceptance, whatever else the response says.' @(
        , @("$core/Http/OutcomeClassifier.cs",
            '_ when hasId => new Outcome.Pending(response!),',
            'not 429 when hasId => new Outcome.Pending(response!),'))

    New-Mutant 'a row is sent before the ledger records it' 'A submission is in the ledger before its first byte is sent.' @(
        , @("$batches/Ledgers/DatabaseLedger.cs",
            "status = 'Submitting', attempts = attempts + 1",
            "status = 'Pending', attempts = attempts + 1"))

    # Only the histories of several workers can break this rule.
    New-Mutant -Class 'WorkerTests' 'forget the fence' 'A worker that lost its claim cannot write the row.' @(
        , @("$batches/Ledgers/DatabaseLedger.cs",
            '$"fence = @fence AND {held}"',
            '"1 = 1"'))

    New-Mutant 'id recorded after the next step' 'The ledger contains an id before the next step.' @(
        , @("$batches/Running/RowRecorder.cs",
            'await WriteAsync(Row).ConfigureAwait(false);',
            'if (isReady) await WriteAsync(Row).ConfigureAwait(false);'))

    New-Mutant 'id recorded without waiting for it' 'The ledger contains an id before the next step.' @(
        , @("$batches/Running/RowRecorder.cs",
            'await WriteAsync(Row).ConfigureAwait(false);',
            '_ = WriteAsync(Row);'))

    New-Mutant 'uncertain resent on restart' 'An uncertain row is submitted again only if the user asks.' @(
        @("$batches/Ledgers/DatabaseLedger.cs", "status = 'Uncertain', worker = NULL, ended_at = @now", "status = 'Pending', worker = NULL, ended_at = @now"),
        @("$batches/Ledgers/DatabaseLedger.cs", 'return [.. uncertain.OrderBy(row => row.Item), .. rows', 'return [.. rows'))

    New-Mutant 'a stop releases a row in flight' 'A stop waits for the responses in flight.' @(
        , @("$batches/Running/RowRecorder.cs",
            'responded = _inFlight?.Task ?? Task.CompletedTask;',
            'responded = Task.CompletedTask;'))

    New-Mutant 'a stop cancels a submission in flight' 'A stop waits for the responses in flight.' @(
        , @("$core/Generating/Submission.cs",
            'await connection.Api.SubmitAsync(connection.Address.Generate,',
            'await connection.Api.PostAsync(connection.Address.Generate,'))

    # The process and the ledger both count rows in flight: either one alone enforces the limit.
    New-Mutant 'slot released early' 'No more is in flight than the account may have.' @(
        @("$core/Generating/Submission.cs", '_account.Add(connection, accepted, new PendingOptions', "_slot.Release();`n        _account.Add(connection, accepted, new PendingOptions"),
        @("$batches/Ledgers/DatabaseLedger.cs", "OR (status = 'Submitted' AND (worker IS NOT NULL OR error_code IS DISTINCT FROM 'GenerationNotFound'))", ''))

    New-Mutant 'a refused key does not end the run' 'An error that every request would meet ends the run.' @(
        , @("$core/Contract/FaceGenException.cs",
            'Code is ErrorCode.KeyRejected or ErrorCode.OutOfCredits or ErrorCode.NotInPlan',
            'Code is ErrorCode.NotInPlan'))

    New-Mutant 'rename before flush' 'A file at its name is complete.' @(
        @("$core/Saving/AtomicFile.cs", "        _files.Flush(_stream);`n        _stream.Dispose();`n", ''),
        @("$core/Saving/AtomicFile.cs", '_isCommitted = true;', "_files.Flush(_stream);`n        _stream.Dispose();`n        _isCommitted = true;"))

    New-Mutant 'no flush' 'A file at its name is complete.' @(
        , @("$core/Saving/AtomicFile.cs", "        _files.Flush(_stream);`n", ''))

    New-Mutant 'the folder is not flushed' 'A row that the ledger records as saved is on disk.' @(
        , @("$core/Saving/AtomicFile.cs", "        _files.FlushFolderOnce(_folder);`n", ''))

    New-Mutant 'an incomplete image is saved' 'A file at its name is complete.' @(
        , @("$core/Saving/ImageDownloader.cs",
            'if (ImageInfo.Read(body) is { } info) return new CheckedImage(body, info);',
            'if (ImageHeader.DetectFormat(body) is { } format) return new CheckedImage(body, ImageInfo.Read(body) ?? new ImageInfo(format, 16, 16));'))

    New-Mutant 'the file of a killed run is an error' 'A row whose file exists ends.' @(
        , @("$core/Saving/ImageSaver.cs",
            'e.Code == ErrorCode.FileExists && options.AcceptIdentical)',
            'e.Code == ErrorCode.FileExists && options.Force)'))

    New-Mutant 'expiry by local clock' 'Only the service says that an image has expired.' @(
        , @("$core/Saving/ExpiryVerifier.cs",
            'TimeSpan retryTime = timeout < MaxRetryTime ? timeout : MaxRetryTime;',
            "if (time.GetUtcNow() >= generation.ExpiresAt) throw new FaceGenException(ErrorCode.LinkExpired, `"Expired.`");`n        TimeSpan retryTime = timeout < MaxRetryTime ? timeout : MaxRetryTime;"))

    New-Mutant 'expiry by local clock at a dead link' 'Only the service says that an image has expired.' @(
        , @("$core/Saving/ExpiryVerifier.cs",
            'if (latest != generation) throw;',
            'if (latest != generation || time.GetUtcNow() >= generation.ExpiresAt) throw;'))

    New-Mutant 'expiry at the first dead link' 'Only the service says that an image has expired.' @(
        , @("$core/Saving/ExpiryVerifier.cs",
            'TimeSpan delay = Backoff.GetDelay(round, null, connection.Services);',
            "if (time.GetUtcNow() >= generation.ExpiresAt) throw;`n                TimeSpan delay = Backoff.GetDelay(round, null, connection.Services);"))

    New-Mutant 'a generation that is not found has failed' 'A paid row does not fail before it expires.' @(
        , @("$batches/Running/RowProcessor.cs",
            'ErrorCode.GenerationNotFound when _run.Now < recorder.Row.ExpiresAt || error.ServiceTime < recorder.Row.ExpiresAt => null,',
            ''))

    New-Mutant 'a generation that is not found has failed by local clock' 'Only the service says that an image has expired.' @(
        , @("$batches/Running/RowProcessor.cs", ' || error.ServiceTime < recorder.Row.ExpiresAt => null,', ' => null,'))

    New-Mutant 'expiry although the service''s clock says no' 'Only the service says that an image has expired.' @(
        , @("$core/Saving/ExpiryVerifier.cs",
            'latestTime < generation.ExpiresAt)',
            'latestTime == generation.ExpiresAt)'))

    New-Mutant 'expiry by a clock that was wrong for a moment' 'Only the service says that an image has expired.' @(
        , @("$core/Saving/ExpiryVerifier.cs",
            'if (isByClock && ',
            'if (isByClock && connection.Services.Time.GetUtcNow() >= generation.ExpiresAt && '))

    New-Mutant 'destination error treated as the row''s own' 'A run that cannot save stops submitting.' @(
        , @("$batches/Running/StorageRetry.cs",
            'e.Code == ErrorCode.LedgerNotWritten || destination.IsFolderFault(e)',
            'e.Code == ErrorCode.LedgerNotWritten && destination is not null'))

    New-Mutant 'submitting continues while a write waits' 'A run that cannot save stops submitting.' @(
        @("$batches/Running/RowRecorder.cs", 'await run.StorageRetry.WaitUntilWritableAsync(run.EndToken).ConfigureAwait(false);', ''),
        @("$batches/Running/BatchRun.cs", '!_run.StorageRetry.IsWaiting && Volatile.Read', 'Volatile.Read'),
        @("$batches/Running/BatchRun.cs", 'if (!await _run.Limits.CanSubmitAsync(_run.EndToken).ConfigureAwait(false) || _run.StorageRetry.IsWaiting) return false;', ''))

    # A change of the mode that is cut off is rolled back by the next run; without that, only the order of the two holds.
    New-Mutant 'journal mode set after rename' 'A kill at any point leaves a ledger that opens.' @(
        @("$batches/Ledgers/Sqlite/SqliteLedgerDatabase.cs", "            // A change of the journal mode after the rename would need a journal that has to be rolled back.`n            SqliteConnections.ConfigureForWriting(connection, path);`n", ''),
        @("$batches/Ledgers/Sqlite/SqliteLedgerDatabase.cs", 'when (SqliteErrors.NeedsRollback(e))', 'when (path.Length == 0 && SqliteErrors.NeedsRollback(e))'))

    New-Mutant 'a commit is not on disk (OFF)' 'A commit of the ledger survives a loss of power.' @(
        , @("$batches/Ledgers/Sqlite/SqliteConnections.cs", 'PRAGMA synchronous = FULL;', 'PRAGMA synchronous = OFF;'))

    New-Mutant 'a commit is not on disk (NORMAL)' 'A commit of the ledger survives a loss of power.' @(
        , @("$batches/Ledgers/Sqlite/SqliteConnections.cs", 'PRAGMA synchronous = FULL;', 'PRAGMA synchronous = NORMAL;'))

    New-Mutant 'a write is reported before its commit' 'A commit of the ledger survives a loss of power.' @(
        , @("$batches/Ledgers/Sqlite/SqliteWriter.cs", '            Execute("COMMIT");', "            foreach (Job job in group) job.Complete();`n            group.Clear();`n            Execute(`"COMMIT`");"))

    New-Mutant 'ready images are not claimed again' 'A later run fetches paid rows.' @(
        , @("$batches/Ledgers/DatabaseLedger.cs",
            'AND {IsAccepted} AND address',
            "AND status = 'Submitted' AND address"))

    New-Mutant 'Complete although a row is uncertain' 'A batch is complete only if every row is saved.' @(
        , @("$core/BatchModel/BatchSummary.cs",
            ': Failed + Expired + Uncertain + Invalid > 0',
            ': Failed + Expired + Invalid > 0'))

    New-Mutant 'the key in the ledger' 'The key is in no file.' @(
        , @("$batches/Ledgers/GenerationSerializer.cs",
            'json.WriteString("message", generation.Message);',
            'json.WriteString("message", generation.Message + generation.Connection?.Key.Reveal());'))
)

# Each text is there once, in the tree and so in the copy, or the table is out of date.
function Edit-Text([string] $Root, $Mutant) {
    $texts = @{}
    foreach ($edit in $Mutant.Edits) {
        $path = Join-Path $Root $edit.File
        $text = $texts[$path] ?? [IO.File]::ReadAllText($path)
        $count = $text.Split($edit.Text).Length - 1
        if ($count -ne 1) { throw "The mutant '$($Mutant.Name)' is out of date: its text is $count times in $($edit.File)." }

        $texts[$path] = $text.Replace($edit.Text, $edit.Replacement)
    }

    $texts
}

$root = (Resolve-Path (Join-Path $PSScriptRoot '../..')).Path
# From another shell a list comes as one text.
$Name = $Name -split ','
$chosen = @($mutants | Where-Object { $mutant = $_; @($Name | Where-Object { $mutant.Name -like $_ }).Count -gt 0 })
if ($chosen.Count -eq 0) { throw "No mutant is called '$Name'." }

foreach ($mutant in $chosen) { $null = Edit-Text $root $mutant }
if ($Check) {
    "$($chosen.Count) mutants can be made."
    return
}

$copy = Join-Path ([IO.Path]::GetTempPath()) "facegen-mutants-$([guid]::NewGuid().ToString('N'))"
$program = Join-Path $copy 'artifacts/bin/FaceGen.Simulation/release' ($IsWindows ? 'FaceGen.Simulation.exe' : 'FaceGen.Simulation')
$log = Join-Path $copy 'run.log'

function Copy-Tree {
    foreach ($file in git -C $root -c core.quotePath=false ls-files --cached --others --exclude-standard) {
        $source = Join-Path $root $file
        if (-not (Test-Path -LiteralPath $source -PathType Leaf)) { continue }

        $target = Join-Path $copy $file
        $null = New-Item -ItemType Directory -Path (Split-Path $target) -Force
        Copy-Item -LiteralPath $source -Destination $target
    }
}

# A mutant is built although it leaves code unused.
function Build-Copy([string] $What) {
    $output = dotnet build (Join-Path $copy 'tests/FaceGen.Simulation') --configuration Release --nologo --verbosity quiet -p:RunAnalyzers=false -p:TreatWarningsAsErrors=false 2>&1
    if ($LASTEXITCODE -ne 0) { throw "$What does not build:`n$($output | Out-String)" }
}

# Returns how many histories were run, how many failed, and by which rules, the most frequent first.
function Test-Copy([string] $Class) {
    $env:FACEGEN_SIM_COUNT = $Seconds
    $env:FACEGEN_SIM_DEPTH = $Depth
    $env:FACEGEN_SIM_HISTORIES = $Histories
    $watch = [Diagnostics.Stopwatch]::StartNew()
    try {
        $process = Start-Process $program '-noColor', '-showLiveOutput', '-class', "*.$Class" -PassThru -NoNewWindow -RedirectStandardOutput $log
        # Each test ends by itself, unless one history never does.
        $hasEnded = $process.WaitForExit([TimeSpan]::FromSeconds(10 * $Seconds + 120))
        if (-not $hasEnded) { $process.Kill($true); $process.WaitForExit() }
    }
    finally {
        Remove-Item Env:FACEGEN_SIM_COUNT, Env:FACEGEN_SIM_DEPTH, Env:FACEGEN_SIM_HISTORIES
    }

    $run = $failed = 0
    $rules = @{}
    foreach ($line in Get-Content -LiteralPath $log) {
        if ($line -match '\[OUTPUT\] (\d+) histories, (\d+) failed\b') { $run += [int] $Matches[1]; $failed += [int] $Matches[2] }
        elseif ($line -match '\[OUTPUT\] (\d+) x (.+)$') { $rules[$Matches[2]] += [int] $Matches[1] }
    }

    if ($run -eq 0 -and $hasEnded) { throw "No histories were run:`n$(Get-Content -LiteralPath $log -Raw)" }
    if (-not $hasEnded) { $failed++; $run++; $rules['A history did not end.'] = 1 }
    [pscustomobject] @{
        Run     = $run
        Failed  = $failed
        Rules   = @($rules.GetEnumerator() | Sort-Object Value -Descending | ForEach-Object { "$($_.Key.Length -gt 120 ? $_.Key.Substring(0, 120) + ' …' : $_.Key) ($($_.Value))" })
        Seconds = [int] $watch.Elapsed.TotalSeconds
    }
}

function Write-Row([string] $Mutant, [string] $Rule, $Result) {
    $rules = ($Result.Rules | Select-Object -First 2) -join '; '
    "| $Mutant | $Rule | $($Result.Failed) of $($Result.Run) | $($rules.Replace('|', '\|')) | $($Result.Seconds) s |"
}

$survivors = 0
try {
    Copy-Tree
    '| mutant | rule | caught by | reported rules | time |'
    '| --- | --- | --- | --- | --- |'
    if ($Name -contains '*') {
        Build-Copy 'The code without a change'
        $result = Test-Copy 'HistoryTests'
        Write-Row '(none)' 'Nothing is broken.' $result
        if ($result.Failed -gt 0) { throw 'The code without a change fails: no mutant can be distinguished from it.' }
    }

    foreach ($mutant in $chosen) {
        $texts = Edit-Text $copy $mutant
        $before = @{}
        foreach ($path in $texts.Keys) { $before[$path] = [IO.File]::ReadAllText($path) }
        try {
            foreach ($path in $texts.Keys) { [IO.File]::WriteAllText($path, $texts[$path]) }
            Build-Copy "The mutant '$($mutant.Name)'"
            $result = Test-Copy $mutant.Class
            Write-Row $mutant.Name $mutant.Rule $result
            if ($result.Failed -eq 0) { $survivors++ }
        }
        finally {
            foreach ($path in $before.Keys) { [IO.File]::WriteAllText($path, $before[$path]) }
        }
    }
}
finally {
    if (Test-Path -LiteralPath $copy) { Remove-Item -LiteralPath $copy -Recurse -Force }
}

if ($survivors -gt 0) {
    Write-Error "$survivors of $($chosen.Count) mutants were not caught." -ErrorAction Continue
    exit 1
}
