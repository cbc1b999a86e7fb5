<#
.SYNOPSIS
    A batch as an Azure Automation runbook, also on the hybrid workers of a group.
.DESCRIPTION
    Respects the limits of the sandbox: it does not prompt, ends before the limit of three hours, and needs far less than
    400 MB for any input. It writes a line for each of the first thousand failures, with time, row, id and error code, and
    a summary, so that the job's output stays below one megabyte. A file in the destination gets one JSON object for each row
    that ends, each retry, and the start and end of each run, for a SIEM. Start it again until it ends with Complete: rows that were sent are not sent again.

    The sandbox does not keep its disk. So the ledger is on PostgreSQL, and the images are in a permanent folder, such as a
    mounted share. Without a variable for the ledger, the ledger is a file beside the images. Several hybrid workers can
    use one ledger: each row is processed by one of them, and together they respect the limit of the account's queue.

    It uses these assets of the automation account, if they exist:

    ModelsLab          a credential whose password is the key
    FaceGenLedger      an encrypted variable with the connection string

    Without the credential it uses the key in MODELSLAB_API_KEY, and without that variable the offline emulator.
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

    $batch = @{
        Path              = $Path
        Destination       = $Destination
        TimeLimit         = $TimeLimit
        MinimumBalance    = $MinimumBalance
        # Each worker has its own file.
        LogPath           = Join-Path $Destination "facegen-$([Environment]::MachineName).jsonl"
        SummaryVariable   = 'summary'
        ErrorAction       = 'SilentlyContinue'
        InformationAction = 'Ignore'
    }
    if ($ledger) { $batch.Ledger = $ledger }

    $reported = 0
    Invoke-FaceGenBatch @batch | ForEach-Object {
        if ($_.Error -and $reported++ -lt 1000) {
            '{0:yyyy-MM-ddTHH:mm:ssZ} {1} {2} id={3} error={4} {5}' -f [datetime]::UtcNow, $_.Source, $_.Status, $_.Id, $_.ErrorCode, $_.Error
        }
    }
}
finally {
    if ($emulator) { $emulator | Stop-FaceGenEmulator }
}

"$summary. This run sent $($summary.Submitted) rows and paid for $($summary.ImagesPaid) images."
# A job that ends by itself counts as completed: the exit reports that rows are left.
if ($summary.State -notin 'Complete', 'SomeFailed') { throw "Rows are left: start the runbook again. $($summary.Message)" }
