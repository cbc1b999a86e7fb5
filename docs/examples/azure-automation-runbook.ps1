<#
.SYNOPSIS
    A batch as an Azure Automation runbook, also on the hybrid workers of a group.
.DESCRIPTION
    Made for what the sandbox allows: it asks nothing, ends in time for the limit of three hours, stays far below 400 MB
    however long the input is, and writes a line for each of the first thousand failures and one at last, so that the job's
    output stays below one megabyte. Start it again until it ends with Complete: what was sent is never sent again.

    The sandbox forgets its disk. So the ledger is on PostgreSQL, and the images go to a folder that stays, such as a
    mounted share; without a variable for the ledger it is a file beside the images. Hybrid workers may run it side by
    side on one ledger: each row is done by one of them, and together they keep to the account's queue.

    The account's assets that it takes, where they are there:

    ModelsLab          a credential whose password is the key
    FaceGenLedger      an encrypted variable with the connection string

    Without them the key is taken from MODELSLAB_API_KEY, and without that it runs offline, on the emulator.
.PARAMETER Path
    The CSV, JSON or JSON Lines file; face images are links, or files that the worker reaches.
.PARAMETER Destination
    The folder for the images.
.PARAMETER TimeLimit
    How long one run may take; the sandbox ends a job after three hours.
.PARAMETER MinimumBalance
    What must stay in the wallet, in the account's currency.
.EXAMPLE
    dotnet run --project src/FaceGen.Console -- docs/examples/azure-automation-runbook.ps1
#>
param(
    [string] $Path = "$PSScriptRoot/people.csv",
    [string] $Destination = 'out/azure',
    [timespan] $TimeLimit = '02:30:00',
    [decimal] $MinimumBalance = 1
)

$ErrorActionPreference = 'Stop'
# Progress is not shown here, and fills the job's streams.
$ProgressPreference = 'SilentlyContinue'

# These commands exist in Azure Automation and on its hybrid workers only.
function Get-Asset([string] $Command, [string] $Name) {
    if (Get-Command $Command -ErrorAction Ignore) { & $Command -Name $Name -ErrorAction Ignore }
}

$credential = Get-Asset Get-AutomationPSCredential ModelsLab
$ledger = Get-Asset Get-AutomationVariable FaceGenLedger

$emulator = if (-not $credential -and -not $env:MODELSLAB_API_KEY) { Start-FaceGenEmulator -ServiceTime fixed:0.3 }
try {
    if ($credential) { $null = Connect-FaceGen -Credential $credential }
    elseif ($emulator) { $null = $emulator | Connect-FaceGen }

    $batch = @{ Path = $Path; Destination = $Destination; TimeLimit = $TimeLimit; MinimumBalance = $MinimumBalance; ErrorAction = 'SilentlyContinue' }
    if ($ledger) { $batch.Ledger = $ledger }

    $told = 0
    Invoke-FaceGenBatch @batch | ForEach-Object {
        $last = $_
        if ($_.Error -and $told++ -lt 1000) { "$($_.Source): $($_.Error)" }
    }
}
finally {
    if ($emulator) { $emulator | Stop-FaceGenEmulator }
}

"$last. This run sent $($last.Submitted) rows and paid for $($last.ImagesPaid) images."
# A job that ends by itself counts as completed: the exit reports that rows are left.
if ($last.State -notin 'Complete', 'SomeFailed') { throw "Rows are left: start the runbook again. $($last.Message)" }
