<#
.SYNOPSIS
    Registers a batch as a scheduled task of Windows that runs every hour.
.DESCRIPTION
    The task runs resumable-runbook.ps1 as the user who registers it. A run that is still active is not interrupted, and
    a run that is killed loses nothing. The task's log is facegen.log in the destination, and facegen.jsonl beside it has the
    same as JSON Lines. The key is in the user's environment variable MODELSLAB_API_KEY.

    Requires Windows, which has the cmdlets for scheduled tasks.
.PARAMETER Path
    The CSV, JSON or JSON Lines file.
.PARAMETER Destination
    The folder for the images and the ledger.
.PARAMETER TaskName
    The task's name.
.EXAMPLE
    ./Register-FaceGenBatch.ps1 C:\faces\people.csv C:\faces\out
#>
[CmdletBinding(SupportsShouldProcess)]
param(
    [Parameter(Mandatory)]
    [string] $Path,

    [Parameter(Mandatory)]
    [string] $Destination,

    [string] $TaskName = 'FaceGen batch'
)

$ErrorActionPreference = 'Stop'

# The task starts in another folder.
$file = (Resolve-Path -LiteralPath $Path).ProviderPath
# A single backslash before a quotation mark would make the mark a part of the argument.
$folder = $PSCmdlet.GetUnresolvedProviderPathFromPSPath($Destination) -replace '(\\+)$', '$1$1'
$runbook = Join-Path (Split-Path $PSScriptRoot) resumable-runbook.ps1
$arguments = "-NoProfile -NonInteractive -File ""$runbook"" -Path ""$file"" -Destination ""$folder"" -TimeLimit 00:50:00 -TextLog ""$(Join-Path $folder facegen.log)"""
$task = @{
    TaskName = $TaskName
    Action   = New-ScheduledTaskAction -Execute pwsh.exe -Argument $arguments -WorkingDirectory (Split-Path $file)
    Trigger  = New-ScheduledTaskTrigger -Once -At (Get-Date).Date -RepetitionInterval (New-TimeSpan -Hours 1)
    Settings = New-ScheduledTaskSettingsSet -StartWhenAvailable -MultipleInstances IgnoreNew -ExecutionTimeLimit (New-TimeSpan -Minutes 55)
}
if ($PSCmdlet.ShouldProcess($TaskName, 'Register the scheduled task')) { Register-ScheduledTask @task }
