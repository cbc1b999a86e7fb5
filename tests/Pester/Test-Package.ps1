<#
.SYNOPSIS
    Runs the Pester suite on a package, as a gallery would install it.
.DESCRIPTION
    Unpacks the module's package into an empty folder and imports it from there. Pester is installed for the current user
    where it is missing.
.PARAMETER Package
    The folder with the packages that ./build.ps1 Package made.
.EXAMPLE
    ./tests/Pester/Test-Package.ps1 -Package artifacts/package
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory)]
    [string] $Package
)

$ErrorActionPreference = 'Stop'

$file = Get-ChildItem -Path $Package | Where-Object Name -Match '^FaceGen\.\d.*\.nupkg$'
if (@($file).Count -ne 1) { throw "There is not one package of FaceGen in '$Package'." }

$folder = Join-Path ([IO.Path]::GetTempPath()) "FaceGen-$([guid]::NewGuid())"
try {
    Add-Type -AssemblyName System.IO.Compression.FileSystem
    [IO.Compression.ZipFile]::ExtractToDirectory($file.FullName, "$folder/FaceGen")

    if (-not (Get-Module Pester -ListAvailable | Where-Object Version -GE '5.0')) {
        Install-Module Pester -MinimumVersion 5.0 -Scope CurrentUser -Force -SkipPublisherCheck
    }

    Import-Module Pester -MinimumVersion 5.0
    $env:FACEGEN_MODULE = "$folder/FaceGen/FaceGen.psd1"
    $tests = Invoke-Pester $PSScriptRoot -PassThru
    "PowerShell $($PSVersionTable.PSVersion): $($tests.PassedCount) passed, $($tests.FailedCount) failed, $($tests.SkippedCount) skipped"
    if ($tests.Result -ne 'Passed') { throw 'The Pester suite failed.' }
}
finally {
    Remove-Item env:FACEGEN_MODULE -ErrorAction Ignore
    # Loaded libraries cannot be deleted on Windows while this process runs.
    Remove-Item $folder -Recurse -Force -ErrorAction SilentlyContinue
}
