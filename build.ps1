<#
.SYNOPSIS
    Builds, tests, packs or cleans FaceGen.
.DESCRIPTION
    Build stages the module in artifacts/FaceGen, for Import-Module. Package creates two packages in artifacts/package, for
    Windows, Linux and macOS: the module, for the PowerShell Gallery (Publish-PSResource -NupkgPath), and the emulator, as a
    .NET tool. Docs updates the help from the code, and needs PlatyPS.
.PARAMETER Task
    Build (the default), Test, Docs, Package or Clean. Several tasks run in the given order.
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
    [ValidateSet('Build', 'Test', 'Docs', 'Package', 'Clean')]
    [string[]] $Task = 'Build',

    [ValidateSet('Release', 'Debug')]
    [string] $Configuration = 'Release'
)

$ErrorActionPreference = 'Stop'

function Invoke-DotNet([string[]] $Arguments) {
    & dotnet @Arguments
    if ($LASTEXITCODE -ne 0) { throw "dotnet $Arguments ended with exit code $LASTEXITCODE." }
}

Push-Location -LiteralPath $PSScriptRoot
try {
    switch ($Task) {
        'Clean' { if (Test-Path artifacts) { Remove-Item artifacts -Recurse -Force } }
        'Build' { Invoke-DotNet 'build', 'FaceGen.PowerShell.sln', '--configuration', $Configuration }
        'Docs' {
            Invoke-DotNet 'build', 'FaceGen.PowerShell.sln', '--configuration', $Configuration
            & ./docs/Update-Help.ps1 -Configuration $Configuration
            Invoke-DotNet 'build', 'FaceGen.PowerShell.sln', '--configuration', $Configuration
        }
        'Package' {
            foreach ($project in 'FaceGen.Module', 'FaceGen.Emulator') {
                Invoke-DotNet 'pack', "src/$project", '--configuration', $Configuration, '--output', 'artifacts/package', '-p:AllPlatforms=true'
            }
        }
        'Test' {
            Invoke-DotNet 'test', '--configuration', $Configuration
            & ./tests/Pester/Invoke-Suite.ps1
        }
    }
}
finally {
    Pop-Location
}
