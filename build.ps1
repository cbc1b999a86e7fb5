<#
.SYNOPSIS
    Builds, tests, packs or cleans FaceGen, or compares the real service with what FaceGen assumes about it.
.DESCRIPTION
    Build stages the module in artifacts/FaceGen, for Import-Module. Package creates two packages in artifacts/package, for
    Windows, Linux and macOS: the module, for the PowerShell Gallery (Publish-PSResource -NupkgPath), and the emulator, as a
    .NET tool. Docs updates the help from the code, and needs PlatyPS. LiveCheck sends requests to the real service with the key
    in MODELSLAB_API_KEY, pays for at most seven images after you confirm, and writes a report that can be shared.
.PARAMETER Task
    Build (the default), Test, Docs, Package, Clean or LiveCheck. Several tasks run in the given order.
.PARAMETER Configuration
    Release (the default) or Debug.
.PARAMETER Yes
    Pays for the images of LiveCheck without asking.
.PARAMETER MaxImages
    The number of images that LiveCheck may pay for, 0 to 7 (the default). With 0 it sends only what costs nothing.
.PARAMETER FaceImage
    The face image of LiveCheck; without it, the painted face of the examples.
.EXAMPLE
    ./build.ps1
.EXAMPLE
    ./build.ps1 Clean, Test
.EXAMPLE
    ./build.ps1 LiveCheck -MaxImages 0
#>
[CmdletBinding()]
param(
    [Parameter(Position = 0)]
    [ValidateSet('Build', 'Test', 'Docs', 'Package', 'Clean', 'LiveCheck')]
    [string[]] $Task = 'Build',

    [ValidateSet('Release', 'Debug')]
    [string] $Configuration = 'Release',

    [switch] $Yes,

    [ValidateRange(0, 7)]
    [int] $MaxImages = 7,

    [string] $FaceImage
)

$ErrorActionPreference = 'Stop'
if ($FaceImage) { $FaceImage = Convert-Path -LiteralPath $FaceImage }

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
        'LiveCheck' {
            $options = @('--max-images', $MaxImages) + @(if ($Yes) { '--yes' }) + @(if ($FaceImage) { '--face', $FaceImage })
            & dotnet run --project tests/FaceGen.LiveCheck --configuration $Configuration -- @options
            exit $LASTEXITCODE
        }
    }
}
finally {
    Pop-Location
}
