<#
.SYNOPSIS
    Updates the help from the code; ./build.ps1 Docs runs it.
.DESCRIPTION
    Synopsis, description and parameters come from the doc comments of the cmdlets, examples and related links from the existing pages. This script
    writes docs/en-US/<cmdlet>.md for every cmdlet, and from these pages the module's help,
    en-US/FaceGen.PowerShell.dll-Help.xml. It copies the about topics. A new cmdlet gets a page without examples; a test
    fails until it has three.

    Requires PlatyPS (Install-Module Microsoft.PowerShell.PlatyPS) and a build of the module.
.PARAMETER Configuration
    The build whose doc comments are read: Debug (the default) or Release.
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
$projectUri = (Import-PowerShellDataFile "$root/FaceGen.psd1").PrivateData.PSData.ProjectUri
# PlatyPS would read the help of the staged module; the next build stages the new one.
Remove-Item "$root/artifacts/FaceGen/en-US" -Recurse -Force -ErrorAction Ignore
Import-Module "$root/artifacts/FaceGen"

# The doc comments by their documentation ids.
$comments = @{}
foreach ($assembly in 'FaceGen.PowerShell', 'FaceGen.Core') {
    $file = "$root/artifacts/bin/FaceGen.PowerShell/$($Configuration.ToLowerInvariant())_net8.0/$assembly.xml"
    foreach ($member in ([xml](Get-Content $file -Raw)).doc.members.member) { $comments[$member.name] = $member }
}

function Get-Comment([string] $Name, [string] $Kind = 'description') {
    $member = $comments[$Name]
    if ($member.inheritdoc) { $member = $comments[$member.inheritdoc.cref] }
    $texts = $member.SelectNodes("summary/para[@type='$Kind']")
    if ($texts.Count -eq 0 -and $Kind -eq 'description') { $texts = $member.SelectNodes('summary') }
    ($texts | ForEach-Object { ($_.InnerText -replace '\s+', ' ').Trim() }) -join "`n`n"
}

function Get-Default([object] $Cmdlet, [Reflection.PropertyInfo] $Property) {
    $value = $Property.GetValue($Cmdlet)
    if ($value -is [array]) { $value = $value -join ', ' }
    if ($Property.PropertyType -eq [switch] -or $null -eq $value) { '' } else { [string]::Format([cultureinfo]::InvariantCulture, '{0}', $value) }
}

# PlatyPS omits default values from the module's help, and does not separate the code of an example from its remarks. It also adds
# empty elements; they are removed.
function Export-Maml([string] $Text, [string] $Path) {
    [xml] $help = $Text -replace "`r`n", "`n"
    $names = [Xml.XmlNamespaceManager]::new($help.NameTable)
    $names.AddNamespace('maml', 'http://schemas.microsoft.com/maml/2004/10')
    $names.AddNamespace('dev', 'http://schemas.microsoft.com/maml/dev/2004/10')
    $names.AddNamespace('command', 'http://schemas.microsoft.com/maml/dev/command/2004/10')

    foreach ($entry in $help.SelectNodes('//command:command', $names)) {
        $name = $entry.SelectSingleNode('command:details/command:name', $names).InnerText
        $parameters = ($all | Where-Object Title -EQ $name).Parameters
        foreach ($parameter in $entry.SelectNodes('command:parameters/command:parameter', $names)) {
            $default = ($parameters | Where-Object Name -EQ $parameter.SelectSingleNode('maml:name', $names).InnerText).DefaultValue
            if ($default) {
                $node = $parameter.AppendChild($help.CreateElement('dev', 'defaultValue', $names.LookupNamespace('dev')))
                $node.InnerText = $default
            }
        }

        foreach ($example in $entry.SelectNodes('command:examples/command:example', $names)) {
            $introduction = $example.SelectSingleNode('maml:introduction', $names)
            $code, $remarks = @($introduction.SelectNodes('maml:para', $names)).Where({ $_.InnerText -ne [char] 0x80 })
            $example.SelectSingleNode('dev:code', $names).InnerText = ($code.InnerText -replace '```(powershell)?\n?', '').Trim()
            $target = $example.SelectSingleNode('dev:remarks', $names)
            foreach ($remark in $remarks) { $null = $target.AppendChild($remark) }
            $null = $target.AppendChild($help.CreateElement('maml', 'para', $names.LookupNamespace('maml')))
            $null = $example.RemoveChild($introduction)
        }

        foreach ($empty in $entry.SelectNodes('maml:alertSet[not(normalize-space())]', $names)) { $null = $entry.RemoveChild($empty) }

        # PlatyPS puts a link without an address first, for Get-Help -Online. The others are pages, which Get-Help shows by name.
        $addresses = $entry.SelectNodes('command:relatedLinks//maml:uri', $names)
        foreach ($address in $addresses) { $address.InnerText = '' }
        $addresses[0].InnerText = $projectUri
    }

    $settings = [Xml.XmlWriterSettings] @{ Indent = $true; NewLineChars = "`n"; Encoding = [Text.UTF8Encoding]::new($false) }
    $writer = [Xml.XmlWriter]::Create($Path, $settings)
    $help.Save($writer)
    $writer.Dispose()
    [IO.File]::AppendAllText($Path, "`n")
}

$all = foreach ($command in Get-Command -Module FaceGen) {
    $type = $command.ImplementingType
    $cmdlet = [Activator]::CreateInstance($type)
    $help = New-CommandHelp $command
    $help.Synopsis = Get-Comment "T:$type" synopsis
    $description = Get-Comment "T:$type"
    $help.Description = if ($comments["T:$type"].SelectNodes("summary/para[@type='description']").Count) { $description } else { $help.Synopsis }
    $help.Notes = ''

    foreach ($parameter in $help.Parameters) {
        if ($parameter.Name -in 'WhatIf', 'Confirm') { continue }

        $property = $type.GetProperty($parameter.Name)
        $parameter.Description = Get-Comment "P:$($property.DeclaringType).$($parameter.Name)"
        $parameter.DefaultValue = Get-Default $cmdlet $property
        $rule = $command.Parameters[$parameter.Name].Attributes | Where-Object { $_.GetType().Name -eq 'ValidateRequestFieldAttribute' }
        foreach ($value in $rule.ValidValues) { $parameter.AcceptedValues.Add($value) }
        $underlying = [Nullable]::GetUnderlyingType($property.PropertyType)
        if ($underlying) { $parameter.Type = $underlying.FullName }
        $spelling = $parameter.Aliases | Where-Object { $_ -cmatch '^[a-z0-9]+(_[a-z0-9]+)+$' }
        if ($command.Parameters[$parameter.Name].Attributes | Where-Object { $_.GetType().Name -in 'RequestFieldAttribute', 'FaceImageParameterAttribute' }) {
            # The same parameter has opposite effects.
            $parameter.Description += if ($type.BaseType.Name -eq 'RequestFileCmdlet') { "`n`nA default: the value of a row wins." } else { "`n`nIt replaces the value of the input." }
        }
        if ($spelling) { $parameter.Description += "`n`nIn CSV: $($parameter.Name) or $spelling." }
    }

    $help.Inputs.Clear()
    $piped = $command.Parameters.Values | Where-Object { $_.Attributes.Where({ $_.ValueFromPipeline }) }
    foreach ($parameter in $piped) {
        $help.Inputs.Add([Microsoft.PowerShell.PlatyPS.Model.InputOutput]::new($parameter.ParameterType.FullName, "Binds to -$($parameter.Name)."))
    }

    $help.Outputs.Clear()
    foreach ($output in $command.OutputType | Where-Object { $_.Type -and $_.Type -ne [void] }) {
        $about = if ($comments["T:$($output.Name)"]) { Get-Comment "T:$($output.Name)" } else { '' }
        $help.Outputs.Add([Microsoft.PowerShell.PlatyPS.Model.InputOutput]::new($output.Name, $about))
    }

    $help.RelatedLinks.Clear()
    $help.Examples.Clear()
    $page = "$pages/$($command.Name).md"
    if (Test-Path $page) {
        $before = Import-MarkdownCommandHelp $page
        foreach ($example in $before.Examples) { $help.Examples.Add($example) }
        foreach ($link in $before.RelatedLinks) { $help.RelatedLinks.Add($link) }
        # Keep the date of the page.
        $help.Metadata['ms.date'] = $before.Metadata['ms.date']
    }

    $help
}

$written = Join-Path ([IO.Path]::GetTempPath()) "FaceGen-help-$([guid]::NewGuid())"
try {
    $null = $all | Export-MarkdownCommandHelp -OutputFolder $written -Force
    Get-ChildItem "$written/FaceGen/*.md" | ForEach-Object {
        # Remove PlatyPS's placeholders.
        $text = (Get-Content $_ -Raw) -replace '(?s)## ALIASES.*?(?=## DESCRIPTION)', '' -replace '\{\{[^}]*\}\}\r?\n?', '' -replace "`r`n", "`n"
        [IO.File]::WriteAllText("$pages/$($_.Name)", ($text -replace "`n{3,}", "`n`n").TrimEnd() + "`n")
    }

    $null = Get-ChildItem "$pages/*-FaceGen*.md" | Import-MarkdownCommandHelp | Export-MamlCommandHelp -OutputFolder $written -Force
    $maml = Get-ChildItem $written -Recurse -Filter *-Help.xml
    $target = New-Item "$root/en-US" -ItemType Directory -Force
    Export-Maml (Get-Content $maml.FullName -Raw) "$target/$($maml.Name)"
    # Get-Help finds about topics by this file name.
    Get-ChildItem "$pages/about_*.md" | ForEach-Object { Copy-Item $_ "$target/$($_.BaseName).help.txt" -Force }
}
finally {
    Remove-Item $written -Recurse -Force -ErrorAction Ignore
}

Get-Item "$root/en-US/FaceGen.PowerShell.dll-Help.xml"
