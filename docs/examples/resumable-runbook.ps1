<#
.SYNOPSIS
    Runs a batch as a scheduled job that can be started every hour and killed at any time.
.DESCRIPTION
    Each run continues the batch and sends nothing that was sent before. It ends in time for the scheduler, leaves money in
    the wallet, and returns the state of the batch as its exit code:

    0  every row is saved
    1  an error that every row would get, such as no key or no credits, or invalid rows
    2  every row has ended, and some failed
    3  rows are left: the next run continues with them

    It prints plain text: the time, the row, the status, the id and the error code on each line. -TextLog also appends these lines
    to a file, for schedulers that keep no output. -LogPath appends one JSON object for each event, for a SIEM.

    Without a key in MODELSLAB_API_KEY it runs offline, on the emulator.
.PARAMETER Path
    The CSV, JSON or JSON Lines file.
.PARAMETER Destination
    The folder for the images and the ledger.
.PARAMETER TimeLimit
    The maximum duration of one run.
.PARAMETER MinimumBalance
    The amount that must stay in the wallet, in the account's currency.
.PARAMETER LogPath
    The file for JSON Lines; the default is facegen.jsonl in the destination.
.PARAMETER TextLog
    A file for the printed lines.
.EXAMPLE
    dotnet run --project src/FaceGen.Console -- docs/examples/resumable-runbook.ps1
#>
param(
    [string] $Path = "$PSScriptRoot/people.csv",
    [string] $Destination = 'out/runbook',
    [timespan] $TimeLimit = '00:50:00',
    [decimal] $MinimumBalance = 1,
    [string] $LogPath = (Join-Path $Destination facegen.jsonl),
    [string] $TextLog
)

$ErrorActionPreference = 'Stop'
if (Test-Path variable:PSStyle) { $PSStyle.OutputRendering = 'PlainText' }

function Write-Line([object] $Text) {
    $line = '{0:yyyy-MM-ddTHH:mm:ssZ} {1}' -f [datetime]::UtcNow, ($Text -replace '\s+', ' ')
    $line
    if ($TextLog) { Add-Content -LiteralPath $TextLog -Value $line -Encoding utf8 }
}

function Get-ErrorCode([Management.Automation.ErrorRecord] $Record) { $Record.FullyQualifiedErrorId -replace ',.*' }

$emulator = if (-not $env:MODELSLAB_API_KEY) { Start-FaceGenEmulator -ServiceTime fixed:0.3 }
try {
    if ($emulator) { $null = $emulator | Connect-FaceGen }

    # A row that fails is logged, and the others are processed. The error of a row of the batch is in its item.
    $batch = @{ Path = $Path; Destination = $Destination; TimeLimit = $TimeLimit; MinimumBalance = $MinimumBalance; LogPath = $LogPath }
    Invoke-FaceGenBatch @batch -SummaryVariable summary -ErrorAction Continue -InformationAction Ignore 2>&1 3>&1 | ForEach-Object {
        if ($_ -is [FaceGen.BatchItem]) { Write-Line "$($_.Source) $($_.Status) id=$($_.Id) error=$($_.ErrorCode) $($_.Error)" }
        elseif ($_ -is [Management.Automation.WarningRecord]) { Write-Line "Warning $_" }
        elseif ($_.TargetObject -isnot [FaceGen.Request]) { Write-Line "$($_.TargetObject) Invalid id= error=$(Get-ErrorCode $_) $_" }
    }
}
catch {
    if ($_.FullyQualifiedErrorId -like 'LedgerInUse,*') {
        Write-Line 'The previous run is still running.'
        exit 3
    }
    Write-Line "Failed id= error=$(Get-ErrorCode $_) $_"
    throw
}
finally {
    if ($emulator) { $emulator | Stop-FaceGenEmulator }
}

Write-Line "$summary. This run sent $($summary.Submitted) rows and paid for $($summary.ImagesPaid) images."
switch ($summary.State) {
    'Complete' { exit 0 }
    'SomeFailed' { exit 2 }
    default { exit 3 }
}
