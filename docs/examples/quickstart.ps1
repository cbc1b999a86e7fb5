<#
.SYNOPSIS
    The main job, offline: from a CSV of prompts to saved pictures.
.DESCRIPTION
    Starts the emulator, reads people.csv, has a picture made for each row, and saves the pictures. Nothing leaves this
    machine and nothing is paid for: the emulator draws the pictures from the face image and generates no faces.
.PARAMETER Destination
    The folder for the pictures.
.EXAMPLE
    dotnet run --project src/FaceGen.Console -- docs/examples/quickstart.ps1
#>
param(
    [string] $Destination = 'out'
)

$ErrorActionPreference = 'Stop'

$emulator = Start-FaceGenEmulator -ServiceTime lognormal:0.8:0.4
try {
    $null = $emulator | Connect-FaceGen

    $pictures = Import-FaceGenRequest "$PSScriptRoot/people.csv" |
        New-FaceGenImage |
        Save-FaceGenOutput $Destination -Name '{row} {style}, {prompt}' -Force

    $pictures
    "$($pictures.Count) pictures are in $($ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($Destination))"
}
finally {
    Disconnect-FaceGen
    $emulator | Stop-FaceGenEmulator
}
