#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }
<#
    Runs every script of docs/recipes.md with the emulator, in the order of the page and in one folder.
#>

BeforeDiscovery {
    $page = Get-Content "$PSScriptRoot/../../docs/recipes.md" -Raw
    $recipes = foreach ($section in [regex]::Matches($page, '(?ms)^## (?<title>.+?)$(?<body>.*?)(?=^## |\z)')) {
        $number = 0
        foreach ($script in [regex]::Matches($section.Groups['body'].Value, '(?ms)^```powershell\r?\n(.*?)^```')) {
            @{ Title = $section.Groups['title'].Value.Trim(); Number = ++$number; Script = $script.Groups[1].Value }
        }
    }
}

BeforeAll {
    $module = if ($env:FACEGEN_MODULE) { $env:FACEGEN_MODULE } else { "$PSScriptRoot/../../artifacts/FaceGen" }
    Import-Module $module -Force
    $examples = Convert-Path "$PSScriptRoot/../../docs/examples"
    $emulators = 1..2 | ForEach-Object { Start-FaceGenEmulator -ServiceTime fixed:0.1 -Fault 'Q1-error@submit:prompt=refused', 'Q16-black@download:prompt=filtered' }
    $null = $emulators[0] | Connect-FaceGen

    # Files and variables with the names that the recipes use.
    $folder = New-Item "$TestDrive/recipes" -ItemType Directory
    $null = New-Item "$folder/faces", "$folder/photos" -ItemType Directory
    Copy-Item "$examples/people.csv", "$examples/face.jpg" $folder
    $more = [pscustomobject]@{ prompt = 'a row that is refused'; face_image = 'face.jpg'; width = 64; num_inference_steps = 41; seed = 7; sam = 'asmith' },
        [pscustomobject]@{ prompt = 'a row that is filtered'; face_image = 'face.jpg' }
    $columns = 'prompt', 'face_image', 'width', 'num_inference_steps', 'seed', 'sam'
    $rows = @(Import-Csv "$folder/people.csv") + $more
    $rows | Select-Object (@($rows[0].PSObject.Properties.Name) + $columns | Select-Object -Unique) | Export-Csv "$folder/people.csv"
    foreach ($copy in 'me.jpg', 'faces/ada.jpg', 'faces/grace.jpg', 'photos/jdoe.jpg', 'photos/asmith.jpg') { Copy-Item "$examples/face.jpg" "$folder/$copy" }
    'SamAccountName,Title,Photo', 'jdoe,engineer,photos/jdoe.jpg', 'asmith,nurse,photos/asmith.jpg' | Set-Content "$folder/staff.csv"
    $saved = $env:CHAT_WEBHOOK, $env:FACEGEN_LEDGER
    $env:CHAT_WEBHOOK = 'https://chat.example/hook'
    $env:FACEGEN_LEDGER = "$folder/shared.ledger"

    # What the recipes call outside FaceGen, and what needs a vault.
    $sent = [Collections.Generic.List[string]]::new()
    function Invoke-RestMethod { param([Parameter(Position = 0)] $Uri, $Method, $ContentType, $Body) $sent.Add($Body) }
    function Connect-FaceGen {
        param($Name, $SecretName)
        $emulators[$SecretName -eq 'PressKey'] | FaceGen\Connect-FaceGen -Name $Name
    }

    Push-Location $folder
}

AfterAll {
    Pop-Location
    $env:CHAT_WEBHOOK, $env:FACEGEN_LEDGER = $saved
    Disconnect-FaceGen *
    $emulators | Stop-FaceGenEmulator
}

Describe 'Recipes' {
    It '<Title> (<Number>)' -ForEach $recipes {
        # As at a prompt: the suite stops at errors, and one row is refused.
        $ErrorActionPreference = 'Continue'
        $output = . ([scriptblock]::Create($Script)) 2>$null
        switch ("$Title $Number") {
            'Staff photos named by account 1' {
                $output.Files.Name | Sort-Object | Should -Be 'asmith.png', 'jdoe.png'
                # A second run pays for nothing.
                $null = . ([scriptblock]::Create($Script)) 6>$null
                (Get-FaceGenBatch ./portraits).TotalImagesPaid | Should -Be 2
            }
            'One prompt for a folder of faces 1' { $output.FullName | Split-Path -Leaf | Sort-Object | Should -Be 'ada.png', 'grace.png' }
            'Resume after a closed window 1' { $output.Status | Group-Object | ForEach-Object { "$($_.Count) $($_.Name)" } | Should -Be '1 Failed', '1 Filtered', '12 Saved' }
            'Resume after a closed window 2' { $output | Should -Not -BeNullOrEmpty }
            'What did it cost? 1' { $output | Should -Contain 'This run paid for 0 images.' }
            'A chat or mail message at the end 1' { ($sent | ConvertFrom-Json).text | Should -BeLike 'Portraits: SomeFailed: 13 of 14 saved*' }
            'Failed rows as a new CSV file 1' {
                $row = Import-FaceGenRequest failed.csv
                "$($row.Prompt), $($row.Width), $($row.NumInferenceSteps), $($row.Seed), $($row.Columns['sam'])" | Should -Be 'a row that is refused, 64, 41, 7, asmith'
                (Import-Csv failed.csv).Error | Should -Not -BeNullOrEmpty
                $row.FaceImage.FilePath | Should -Be (Convert-Path face.jpg)
                # Nothing has changed, so it is the same row of the batch.
                (Invoke-FaceGenBatch failed.csv ./out -PlanOnly).Failed | Should -Be 1
            }
            'Two accounts side by side 1' { $output.Name | Sort-Object | Should -Be 'portrait of a diver.png', 'portrait of a pilot.png' }
            'A nightly task with a log 1' { $output.Name | Should -Contain 'RunEnd' }
            'Several machines 1' { "$output" | Should -BeLike 'SomeFailed: 13 of 14 saved*' }
            'Delete everything at the service 1' {
                $items = @(Get-FaceGenBatchItem ./out -Status Saved)[0], (Get-FaceGenBatchItem ./out -Status Filtered)
                foreach ($item in $items) { { Invoke-WebRequest $item.Generation.Output[0] } | Should -Throw '*404*' }
            }
            'Delete everything at the service 2' { $output | Should -HaveCount 1 }
            default { throw "'$Title' has a script that nothing checks." }
        }
    }

    It 'are ten tasks' {
        (Select-String "$PSScriptRoot/../../docs/recipes.md" -Pattern '^## ').Count | Should -Be 10
    }
}
