<#
.SYNOPSIS
    A batch as a scheduled job: start it every hour, kill it whenever you like.
.DESCRIPTION
    Each run goes on where the last one was, and sends nothing that was sent before. It ends in time for the scheduler,
    leaves money in the wallet, and tells by its exit code how the batch stands:

    0  every row is saved
    1  something that every row would meet: no key, no credits, rows that are invalid
    2  every row has ended, and some failed
    3  rows are left: the next run goes on with them

    Without a key in MODELSLAB_API_KEY it runs offline, on the emulator.
.PARAMETER Path
    The CSV, JSON or JSON Lines file.
.PARAMETER Destination
    The folder for the pictures and the ledger.
.PARAMETER TimeLimit
    How long one run may take.
.PARAMETER MinimumBalance
    What must stay in the wallet, in the account's currency.
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

    # A row that fails is logged, and the others are done. The summary comes last.
    Invoke-FaceGenBatch $Path -Destination $Destination -TimeLimit $TimeLimit -MinimumBalance $MinimumBalance -ErrorAction Continue |
        ForEach-Object { $last = $_; "$_" }
}
catch {
    if ($_.FullyQualifiedErrorId -notlike 'LedgerInUse,*') { throw }
    'The run before this one is still at work.'
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
