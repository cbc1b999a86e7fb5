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

# What PlatyPS leaves out of the module's own help: defaults, and examples as code that is followed by what is said of it and
# an empty line. What it puts in without a text, a cmdlet does not have.
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
            $said = $example.SelectSingleNode('dev:remarks', $names)
            foreach ($remark in $remarks) { $null = $said.AppendChild($remark) }
            $null = $said.AppendChild($help.CreateElement('maml', 'para', $names.LookupNamespace('maml')))
            $null = $example.RemoveChild($introduction)
        }

        foreach ($empty in $entry.SelectNodes('maml:alertSet[not(normalize-space())] | command:relatedLinks[not(.//maml:uri/text())]', $names)) {
            $null = $entry.RemoveChild($empty)
        }
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
    Export-Maml (Get-Content $maml.FullName -Raw) "$target/$($maml.Name)"
    # Get-Help finds what is about something by this name.
    Get-ChildItem "$pages/about_*.md" | ForEach-Object { Copy-Item $_ "$target/$($_.BaseName).help.txt" -Force }
}
finally {
    Remove-Item $written -Recurse -Force -ErrorAction Ignore
}

Get-Item "$root/en-US/FaceGen.PowerShell.dll-Help.xml"
