<#
.SYNOPSIS
    Runs the Pester suite on the staged module, or on a package as a gallery would install it.
.DESCRIPTION
    If Pester 5 is not installed, its package is downloaded to artifacts/modules, and nothing is installed. The exit code is 2
    if that fails, and 1 if a test failed.
.PARAMETER Package
    The folder with the packages that ./build.ps1 Package made: the module's is unpacked into an empty folder and imported
    from there. Without it the staged module is tested.
.EXAMPLE
    ./tests/Pester/Invoke-Suite.ps1
.EXAMPLE
    ./tests/Pester/Invoke-Suite.ps1 -Package artifacts/package
#>
[CmdletBinding()]
param(
    [string] $Package
)

$ErrorActionPreference = 'Stop'
$pesterVersion = '5.9.1'

$pester = 'Pester'
if (-not (Get-Module Pester -ListAvailable | Where-Object { $_.Version -ge '5.0' -and $_.Version -lt '6.0' })) {
    $modules = Join-Path $PSScriptRoot '../../artifacts/modules'
    & dotnet package download "Pester@$pesterVersion" --output $modules --verbosity quiet
    if ($LASTEXITCODE -ne 0) {
        Write-Warning "The Pester suite was not run: Pester $pesterVersion could not be downloaded."
        exit 2
    }
    $pester = Join-Path $modules "pester/$pesterVersion/tools/Pester.psd1"
}

Import-Module $pester -MinimumVersion 5.0 -MaximumVersion 5.999

$folder = Join-Path ([IO.Path]::GetTempPath()) "FaceGen-$([guid]::NewGuid())"
try {
    if ($Package) {
        $file = @(Get-ChildItem -Path $Package | Where-Object Name -Match '^FaceGen\.\d.*\.nupkg$')
        if ($file.Count -ne 1) { throw "'$Package' must contain one package of FaceGen, not $($file.Count)." }

        Add-Type -AssemblyName System.IO.Compression.FileSystem
        [IO.Compression.ZipFile]::ExtractToDirectory($file[0].FullName, "$folder/FaceGen")
        $env:FACEGEN_MODULE = "$folder/FaceGen/FaceGen.psd1"
    }

    $tests = Invoke-Pester $PSScriptRoot -PassThru
    "PowerShell $($PSVersionTable.PSVersion): $($tests.PassedCount) passed, $($tests.FailedCount) failed, $($tests.SkippedCount) skipped"
    if ($tests.Result -ne 'Passed') { throw 'The Pester suite failed.' }
}
finally {
    if ($Package) {
        Remove-Item env:FACEGEN_MODULE -ErrorAction Ignore
        # Loaded libraries cannot be deleted on Windows while this process runs.
        Remove-Item $folder -Recurse -Force -ErrorAction SilentlyContinue
    }
}
