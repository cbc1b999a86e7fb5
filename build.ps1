<#
.SYNOPSIS
    Builds, tests or cleans FaceGen.
.DESCRIPTION
    Build stages the module in artifacts/FaceGen, from where Import-Module takes it.
.PARAMETER Task
    Build (the default), Test or Clean; several are done in the order given.
.PARAMETER Configuration
    Release (the default) or Debug.
.EXAMPLE
    ./build.ps1
.EXAMPLE
    ./build.ps1 Clean, Test
#>
[CmdletBinding()]
param(
    [Parameter(Position = 0)]
    [ValidateSet('Build', 'Test', 'Clean')]
    [string[]] $Task = 'Build',

    [ValidateSet('Release', 'Debug')]
    [string] $Configuration = 'Release'
)

$ErrorActionPreference = 'Stop'

function Invoke-DotNet {
    & dotnet @args
    if ($LASTEXITCODE -ne 0) { throw "dotnet $args ended with exit code $LASTEXITCODE." }
}

Push-Location -LiteralPath $PSScriptRoot
try {
    switch ($Task) {
        'Clean' { if (Test-Path artifacts) { Remove-Item artifacts -Recurse -Force } }
        'Build' { Invoke-DotNet build FaceGen.PowerShell.sln --configuration $Configuration }
        'Test' { Invoke-DotNet test FaceGen.PowerShell.sln --configuration $Configuration }
    }
}
finally {
    Pop-Location
}
