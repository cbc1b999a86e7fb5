<#
.SYNOPSIS
    Generates one face in every style, and writes a page that compares them.
.DESCRIPTION
    Uploads the face once, generates it in each style with the same seed, and writes sheet.html with the original beside
    the images. Without a key in MODELSLAB_API_KEY it runs offline, on the emulator.
.PARAMETER FaceImage
    The face: a PNG, JPEG or WebP file.
.PARAMETER Prompt
    The prompt of all images.
.PARAMETER Destination
    The folder for the images and the page.
.EXAMPLE
    dotnet run --project src/FaceGen.Console -- docs/examples/style-sheet.ps1
#>
param(
    [string] $FaceImage = "$PSScriptRoot/face.jpg",
    [string] $Prompt = 'portrait of a pilot',
    [string] $Destination = 'out/styles'
)

$ErrorActionPreference = 'Stop'

$emulator = if (-not $env:MODELSLAB_API_KEY) { Start-FaceGenEmulator -ServiceTime fixed:0.3 }
try {
    if ($emulator) { $null = $emulator | Connect-FaceGen }

    $face = Publish-FaceGenFace $FaceImage
    $images = 'realistic', 'comic', 'chibi', '3d', 'anime' |
        ForEach-Object { New-FaceGenImage $Prompt $face -Style $_ -Seed 7 -NoWait } |
        Wait-FaceGenImage |
        Save-FaceGenOutput $Destination -Name '{style}' -Force
}
finally {
    if ($emulator) { $emulator | Stop-FaceGenEmulator }
}

function Format-Figure([string] $Link, [string] $Caption) {
    $text = [Net.WebUtility]::HtmlEncode($Caption)
    "<figure><img src=""$([Net.WebUtility]::HtmlEncode($Link))"" alt=""$text""><figcaption>$text</figcaption></figure>"
}

$original = Get-Item -LiteralPath $face.FilePath
$before = "before$($original.Extension)"
$original | Copy-Item -Destination (Join-Path $Destination $before) -Force
$figures = @(Format-Figure $before 'before') + ($images | ForEach-Object {
        Format-Figure $_.Name $_.Style
    })
$sheet = Join-Path $Destination sheet.html
@"
<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>$([Net.WebUtility]::HtmlEncode($Prompt))</title>
<style>
body { font: 1rem system-ui; margin: 2rem; color-scheme: light dark; }
main { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(14rem, 1fr)); }
figure { margin: 0; } img { width: 100%; border-radius: .5rem; }
</style>
<h1>$([Net.WebUtility]::HtmlEncode($Prompt))</h1>
<main>
$($figures -join "`n")
</main>
</html>
"@ | Set-Content -LiteralPath $sheet -Encoding utf8
"The sheet is $(Convert-Path -LiteralPath $sheet)."
