<#
.SYNOPSIS
    Brings the help up to date with the code: ./build.ps1 Docs calls it.
.DESCRIPTION
    What a cmdlet and its parameters are for stands in the code, beside them; the examples stand in the pages themselves, and
    are kept. From both, this writes docs/en-US/<cmdlet>.md for every cmdlet, and from these the module's own help,
    en-US/FaceGen.PowerShell.dll-Help.xml, beside copies of what is about_FaceGen. A new cmdlet gets a page without examples, which a test refuses until it has three.

    Needs PlatyPS: Install-Module Microsoft.PowerShell.PlatyPS. The module must have been built.
.PARAMETER Configuration
    The build whose comments are read: Debug (the default) or Release.
#>
[CmdletBinding()]
param(
    [ValidateSet('Debug', 'Release')]
    [string] $Configuration = 'Debug'
)

$ErrorActionPreference = 'Stop'
Import-Module Microsoft.PowerShell.PlatyPS -MinimumVersion 1.0

$root = Split-Path $PSScriptRoot
$pages = Join-Path $PSScriptRoot en-US
# PlatyPS would read what the staged module says of itself so far; the next build stages what comes of this.
Remove-Item "$root/artifacts/FaceGen/en-US" -Recurse -Force -ErrorAction Ignore
Import-Module "$root/artifacts/FaceGen"

# What the code says, by the names that the compiler gives it.
$said = @{}
foreach ($assembly in 'FaceGen.PowerShell', 'FaceGen.Core') {
    $file = "$root/artifacts/bin/FaceGen.PowerShell/$($Configuration.ToLowerInvariant())_net8.0/$assembly.xml"
    foreach ($member in ([xml](Get-Content $file -Raw)).doc.members.member) { $said[$member.name] = $member }
}

function Get-Said([string] $Name, [string] $Kind = 'description') {
    $member = $said[$Name]
    if ($member.inheritdoc) { $member = $said[$member.inheritdoc.cref] }
    $texts = $member.SelectNodes("summary/para[@type='$Kind']")
    if ($texts.Count -eq 0 -and $Kind -eq 'description') { $texts = $member.SelectNodes('summary') }
    ($texts | ForEach-Object { ($_.InnerText -replace '\s+', ' ').Trim() }) -join "`n`n"
}

function Get-Default([object] $Cmdlet, [Reflection.PropertyInfo] $Property) {
    $value = $Property.GetValue($Cmdlet)
    if ($value -is [array]) { $value = $value -join ', ' }
    if ($Property.PropertyType -eq [switch] -or $null -eq $value) { '' } else { [string]::Format([cultureinfo]::InvariantCulture, '{0}', $value) }
}

$all = foreach ($command in Get-Command -Module FaceGen) {
    $type = $command.ImplementingType
    $cmdlet = [Activator]::CreateInstance($type)
    $help = New-CommandHelp $command
    $help.Synopsis = Get-Said "T:$type" synopsis
    $description = Get-Said "T:$type"
    $help.Description = if ($said["T:$type"].SelectNodes("summary/para[@type='description']").Count) { $description } else { $help.Synopsis }
    $help.Notes = ''

    foreach ($parameter in $help.Parameters) {
        if ($parameter.Name -in 'WhatIf', 'Confirm') { continue }

        $property = $type.GetProperty($parameter.Name)
        $parameter.Description = Get-Said "P:$($property.DeclaringType).$($parameter.Name)"
        $parameter.DefaultValue = Get-Default $cmdlet $property
        $underlying = [Nullable]::GetUnderlyingType($property.PropertyType)
        if ($underlying) { $parameter.Type = $underlying.FullName }
        $spelling = $parameter.Aliases | Where-Object { $_ -cmatch '^[a-z0-9]+(_[a-z0-9]+)+$' }
        if ($spelling) { $parameter.Description += "`n`nIn CSV: $($parameter.Name) or $spelling." }
    }

    $help.Inputs.Clear()
    $taken = $command.Parameters.Values | Where-Object { $_.Attributes.Where({ $_.ValueFromPipeline }) }
    foreach ($parameter in $taken) {
        $help.Inputs.Add([Microsoft.PowerShell.PlatyPS.Model.InputOutput]::new($parameter.ParameterType.FullName, "Goes to -$($parameter.Name)."))
    }

    $help.Outputs.Clear()
    foreach ($output in $command.OutputType | Where-Object { $_.Type -and $_.Type -ne [void] }) {
        $about = if ($said["T:$($output.Name)"]) { Get-Said "T:$($output.Name)" } else { '' }
        $help.Outputs.Add([Microsoft.PowerShell.PlatyPS.Model.InputOutput]::new($output.Name, $about))
    }

    $help.RelatedLinks.Clear()
    $help.Examples.Clear()
    $page = "$pages/$($command.Name).md"
    if (Test-Path $page) {
        $before = Import-MarkdownCommandHelp $page
        foreach ($example in $before.Examples) { $help.Examples.Add($example) }
        # The day of the page is that of its making.
        $help.Metadata['ms.date'] = $before.Metadata['ms.date']
    }

    $help
}

$written = Join-Path ([IO.Path]::GetTempPath()) "FaceGen-help-$([guid]::NewGuid())"
try {
    $null = $all | Export-MarkdownCommandHelp -OutputFolder $written -Force
    Get-ChildItem "$written/FaceGen/*.md" | ForEach-Object {
        # No one is told to fill in what a cmdlet does not have.
        $text = (Get-Content $_ -Raw) -replace '(?s)## ALIASES.*?(?=## DESCRIPTION)', '' -replace '\{\{[^}]*\}\}\r?\n?', '' -replace "`r`n", "`n"
        [IO.File]::WriteAllText("$pages/$($_.Name)", ($text -replace "`n{3,}", "`n`n").TrimEnd() + "`n")
    }

    $null = Get-ChildItem "$pages/*-FaceGen*.md" | Import-MarkdownCommandHelp | Export-MamlCommandHelp -OutputFolder $written -Force
    $maml = Get-ChildItem $written -Recurse -Filter *-Help.xml
    $target = New-Item "$root/en-US" -ItemType Directory -Force
    # Examples are shown as they are typed, without what marks code in a page.
    [IO.File]::WriteAllText("$target/$($maml.Name)", ((Get-Content $maml.FullName -Raw) -replace "`r`n", "`n" -replace '```(powershell)?\n?', '').TrimEnd() + "`n")
    # Get-Help finds what is about something by this name.
    Get-ChildItem "$pages/about_*.md" | ForEach-Object { Copy-Item $_ "$target/$($_.BaseName).help.txt" -Force }
}
finally {
    Remove-Item $written -Recurse -Force -ErrorAction Ignore
}

Get-Item "$root/en-US/FaceGen.PowerShell.dll-Help.xml"
