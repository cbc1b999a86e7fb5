<#
.SYNOPSIS
    Runs one worker of a batch that several machines process together.
.DESCRIPTION
    Run it on any number of machines, with the same input and the same ledger in PostgreSQL. Each row is processed by one
    worker, and all workers share the account's queue. A worker that dies loses nothing: the others take over its rows. The key and the address of the service are taken from MODELSLAB_API_KEY and MODELSLAB_BASE_URL.

    It ends when the batch does, with 0 (every row is saved), 2 (some failed) or 3 (rows are left).
.PARAMETER Path
    The CSV, JSON or JSON Lines file; face images must lie under the same paths on all machines, or be links.
.PARAMETER Destination
    The folder for the images, preferably one that the machines share.
.PARAMETER Ledger
    A connection string, as in Host=db.example;Database=faces;Username=facegen;Password=...
.EXAMPLE
    $env:FACEGEN_LEDGER = 'Host=db.example;Database=faces;Username=facegen;Password=...'
    ./several-workers.ps1 people.csv ./out
#>
param(
    [string] $Path = "$PSScriptRoot/people.csv",
    [string] $Destination = 'out/workers',
    [string] $Ledger = $env:FACEGEN_LEDGER
)

$ErrorActionPreference = 'Stop'

$rows = 0
Invoke-FaceGenBatch $Path -Destination $Destination -Ledger $Ledger -SummaryVariable summary -ErrorAction Continue | ForEach-Object { $rows++ }

"This worker processed $rows rows. The batch: $summary"
switch ($summary.State) {
    'Complete' { exit 0 }
    'SomeFailed' { exit 2 }
    default { exit 3 }
}
