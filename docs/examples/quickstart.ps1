<#
.SYNOPSIS
    The main job, offline: from a CSV of prompts to saved pictures, and a report to look at.
.DESCRIPTION
    Starts the emulator, reads people.csv, has a picture made for each row, saves the pictures, and writes a page of them. Nothing leaves this
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

    $pictures = Import-FaceGenRequest (Join-Path $PSScriptRoot people.csv) |
        New-FaceGenImage |
        Save-FaceGenOutput $Destination -Name '{row} {style}, {prompt}' -Force

    $pictures
    $report = $pictures | Export-FaceGenReport (Join-Path $Destination report.html) -Title 'The crew' -Force
    "$($pictures.Count) pictures are in $($report.DirectoryName); look at $($report.Name) there."
}
finally {
    Disconnect-FaceGen
    $emulator | Stop-FaceGenEmulator
}
