# The manifest is data, and cannot choose the build for this edition of PowerShell.
Import-Module "$PSScriptRoot/bin/$(if ($PSEdition -eq 'Core') { 'net8.0' } else { 'netstandard2.0' })/FaceGen.PowerShell.dll"
