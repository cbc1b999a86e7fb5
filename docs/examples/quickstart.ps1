<#
.SYNOPSIS
    Generates an image for each row of a CSV file, offline, and writes a report.
.DESCRIPTION
    Starts the emulator, reads people.csv, generates and saves an image for each row, and writes a report page. Nothing leaves this
    machine and nothing is paid for: the emulator draws the images from the face image and generates no faces.
.PARAMETER Destination
    The folder for the images.
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

    $images = Import-FaceGenRequest (Join-Path $PSScriptRoot people.csv) |
        New-FaceGenImage |
        Save-FaceGenOutput $Destination -Name '{row} {style}, {prompt}' -Force

    $images
    $report = $images | Export-FaceGenReport (Join-Path $Destination report.html) -Title 'The crew' -Force
    "$($images.Count) images are in $($report.DirectoryName). Open $($report.Name) there."
}
finally {
    Disconnect-FaceGen
    $emulator | Stop-FaceGenEmulator
}
