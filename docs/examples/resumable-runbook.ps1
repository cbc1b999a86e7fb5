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

    Without a key in MODELSLAB_API_KEY it runs offline, on the emulator.
.PARAMETER Path
    The CSV, JSON or JSON Lines file.
.PARAMETER Destination
    The folder for the images and the ledger.
.PARAMETER TimeLimit
    The maximum duration of one run.
.PARAMETER MinimumBalance
    The amount that must stay in the wallet, in the account's currency.
.EXAMPLE
    dotnet run --project src/FaceGen.Console -- docs/examples/resumable-runbook.ps1
#>
param(
    [string] $Path = "$PSScriptRoot/people.csv",
    [string] $Destination = 'out/runbook',
    [timespan] $TimeLimit = '00:50:00',
    [decimal] $MinimumBalance = 1
)

$ErrorActionPreference = 'Stop'

$emulator = if (-not $env:MODELSLAB_API_KEY) { Start-FaceGenEmulator -ServiceTime fixed:0.3 }
try {
    if ($emulator) { $null = $emulator | Connect-FaceGen }

    # A row that fails is logged, and the others are processed. The summary comes last.
    Invoke-FaceGenBatch $Path -Destination $Destination -TimeLimit $TimeLimit -MinimumBalance $MinimumBalance -ErrorAction Continue |
        ForEach-Object { $last = $_; "$_" }
}
catch {
    if ($_.FullyQualifiedErrorId -notlike 'LedgerInUse,*') { throw }
    'The previous run is still running.'
    exit 3
}
finally {
    if ($emulator) { $emulator | Stop-FaceGenEmulator }
}

"This run sent $($last.Submitted) rows and paid for $($last.ImagesPaid) images."
switch ($last.State) {
    'Complete' { exit 0 }
    'SomeFailed' { exit 2 }
    default { exit 3 }
}
