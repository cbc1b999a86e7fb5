# Chooses the build for the PowerShell that imports the module. Import-Module -ArgumentList names another one.
param(
    [ValidateSet('net8.0', 'netstandard2.0')]
    [string] $Framework = $(if ($PSVersionTable.PSEdition -eq 'Core') { 'net8.0' } else { 'netstandard2.0' })
)

Import-Module -Name "$PSScriptRoot/bin/$Framework/FaceGen.PowerShell.dll" -ErrorAction Stop
Export-ModuleMember -Cmdlet *-FaceGen*
