#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }
<#
    Tests of the staged module with an emulator. Run them with ./build.ps1 -Task Test, or
        Invoke-Pester ./tests/Pester
    FACEGEN_MODULE is the path of another module to test, such as one from a package.
#>

BeforeAll {
    $module = if ($env:FACEGEN_MODULE) { $env:FACEGEN_MODULE } else { "$PSScriptRoot/../../artifacts/FaceGen" }
    Import-Module $module -Force
    $manifest = Join-Path (Get-Module FaceGen).ModuleBase FaceGen.psd1
    $face = Convert-Path "$PSScriptRoot/../../docs/examples/face.jpg"
    $people = Convert-Path "$PSScriptRoot/../../docs/examples/people.csv"
    $emulator = Start-FaceGenEmulator -ServiceTime fixed:0.1 -QueueLimit 5
    $connection = $emulator | Connect-FaceGen
}

AfterAll {
    Disconnect-FaceGen
    $emulator | Stop-FaceGenEmulator
}

Describe 'Manifest' {
    It 'is static data for the tools that read and edit manifests' {
        (Import-PowerShellDataFile $manifest).RootModule | Should -Be FaceGen.psm1
        (Import-LocalizedData -BaseDirectory (Split-Path $manifest) -FileName FaceGen.psd1).RootModule | Should -Be FaceGen.psm1
    }

    It 'keeps its root module when it is edited' -Skip:(-not (Get-Command Update-PSModuleManifest -ErrorAction Ignore)) {
        $copy = "$TestDrive/edited/FaceGen.psd1"
        Copy-Item (Split-Path $manifest) (Split-Path $copy) -Recurse
        Update-PSModuleManifest -Path $copy -ModuleVersion 9.9.9
        $edited = Import-PowerShellDataFile $copy
        $edited.RootModule, $edited.ModuleVersion, $edited.CmdletsToExport.Count | Should -Be FaceGen.psm1, 9.9.9, 23
    }
}

Describe 'Pipelines' {
    It 'accepts rows of Import-Csv' {
        $images = Import-Csv $people | ForEach-Object { $_.face_image = $face; $_ } | New-FaceGenImage | Save-FaceGenOutput "$TestDrive/csv" -Name '{style}, {prompt}'
        $images.Count | Should -Be 12
        $images.Filtered | Should -Not -Contain $true
        $images | ForEach-Object { $_.FullName | Should -Exist }
        $images.Style | Sort-Object -Unique | Should -Be '3d', 'anime', 'chibi', 'comic', 'realistic'
    }

    It 'ignores empty cells and reports the row of an invalid one' {
        $rows = 'prompt,face_image,width,seed', "good,$face,,7", "bad,$face,900,", "good too,$face,64," | ConvertFrom-Csv
        $images = $rows | New-FaceGenImage -ErrorVariable wrong -ErrorAction SilentlyContinue
        $images.Prompt | Sort-Object | Should -Be 'good', 'good too'
        $wrong | Should -HaveCount 1
        $wrong[0].FullyQualifiedErrorId | Should -BeLike 'RequestInvalid,*'
        "$($wrong[0])" | Should -BeLike "Input 2: Width must be*"
        $wrong[0].TargetObject.prompt | Should -Be bad
    }

    It 'names images by a column of a CSV file, and takes values from script blocks' {
        'text,photo,account,kind', "one,$face,jdoe,comic", "two,$face,asmith," | Set-Content "$TestDrive/staff.csv"
        $images = Import-Csv "$TestDrive/staff.csv" | New-FaceGenImage -Prompt { $_.text } -FaceImage { $_.photo } -Style { $_.kind } -InformationVariable kept |
            Save-FaceGenOutput "$TestDrive/staff" -Name '{account}'
        $images.FullName | Split-Path -Leaf | Sort-Object | Should -Be 'asmith.png', 'jdoe.png'
        ($images | Where-Object FullName -like '*jdoe*').Style | Should -Be comic
        "$kept" | Should -BeLike "Input 1: FaceGen keeps the columns 'text', 'photo', 'account', 'kind'*"
        $images.Generation.Request.Columns.account | Sort-Object | Should -Be 'asmith', 'jdoe'
    }

    It 'keeps columns and additional fields through Clixml' {
        $request = [pscustomobject]@{ prompt = 'p'; face_image = $face; account = 'jdoe' } | New-FaceGenImage -AdditionalField @{ model_id = 'm' } | ForEach-Object Request
        $request | Export-Clixml "$TestDrive/request.xml"
        $again = Import-Clixml "$TestDrive/request.xml" | New-FaceGenImage
        $again.Request.Columns['account'] | Should -Be jdoe
        $again.Request.AdditionalFields['model_id'] | Should -Be m
    }

    It 'reads exported requests again: <_>' -ForEach csv, json {
        'prompt,face_image,width,seed,sam', "one,$face,64,7,j; d=1", "two,$face,,," | Set-Content "$TestDrive/requests.csv"
        $file = "$TestDrive/exported.$_"
        $requests = Import-FaceGenRequest "$TestDrive/requests.csv" -AdditionalField @{ model_id = 'm' } 6>$null
        if ($_ -eq 'csv') { $requests | Export-Csv $file } else { $requests | ConvertTo-Json | Set-Content $file }
        $rows = if ($_ -eq 'csv') { Import-Csv $file } else { Get-Content $file -Raw | ConvertFrom-Json }
        $imported = Import-FaceGenRequest $file 6>$null
        $piped = ($rows | New-FaceGenImage 6>$null | Sort-Object Source).Request

        foreach ($again in @{ Requests = $imported }, @{ Requests = $piped }) {
            $first = $again.Requests[0]
            $again.Requests.Prompt | Should -Be 'one', 'two'
            "$($first.Width) $($first.Seed) $($first.Columns['sam']) $($first.AdditionalFields['model_id'])" | Should -Be '64 7 j; d=1 m'
            $first.Columns.Keys | Should -Be 'sam'
            $again.Requests.FaceImage.FilePath | Should -Be $face, $face
        }
    }

    It 'accepts faces from Get-ChildItem' {
        (Get-ChildItem (Split-Path $face) -Filter face.jpg | New-FaceGenImage -Prompt p).Status | Should -Be Success
    }

    It 'loses nothing if the pipeline ends early' {
        1..8 | ForEach-Object { "early $_" } | New-FaceGenImage -FaceImage $face | Select-Object -First 1 | Should -HaveCount 1
        $left = Get-FaceGenImage | Wait-FaceGenImage
        $left | ForEach-Object { $_.Status | Should -Be Success }
        Get-FaceGenImage | Should -BeNullOrEmpty
    }

    It 'emits objects that can be filtered, sorted and measured' {
        $images = 'b', 'a' | New-FaceGenImage -FaceImage $face -Samples 2
        ($images | Sort-Object Prompt).Prompt | Should -Be 'a', 'b'
        ($images | Measure-Object ImageCount -Sum).Sum | Should -Be 4
        $images | Where-Object Status -eq Failed | Should -BeNullOrEmpty
    }
}

Describe 'Parameters' {
    It 'can be splatted' {
        $request = @{ Prompt = 'splatted'; FaceImage = $face; Style = 'comic'; Seed = 5; Width = 64 }
        $image = New-FaceGenImage @request
        $image.Seed | Should -Be 5
        $image.Request.Style | Should -Be comic
    }

    It 'can have default values' {
        $PSDefaultParameterValues = @{ 'New-FaceGenImage:FaceImage' = $face; '*-FaceGen*:TimeoutSec' = 60 }
        (New-FaceGenImage p).Status | Should -Be Success
    }

    It 'does nothing on -WhatIf' {
        $before = (Get-FaceGenBalance).Balance
        New-FaceGenImage p $face -WhatIf | Should -BeNullOrEmpty
        Invoke-FaceGenBatch $people -Destination "$TestDrive/whatif" -WhatIf
        Publish-FaceGenFace $face -WhatIf | Should -BeNullOrEmpty
        (Get-FaceGenBalance).Balance | Should -Be $before
        "$TestDrive/whatif" | Should -Not -Exist
    }

    It 'validates before anything is sent' {
        { New-FaceGenImage p $face -Style watercolor } | Should -Throw '*Style must be realistic, comic, chibi, 3d or anime*'
        { New-FaceGenImage p "$TestDrive/nobody.jpg" -ErrorAction Stop } | Should -Throw '*does not exist*'
        { New-FaceGenImage p -ErrorAction Stop } | Should -Throw 'FaceImage is required*'
    }
}

Describe 'Concurrency' {
    It 'works in ForEach-Object -Parallel on one connection' -Skip:($PSVersionTable.PSVersion.Major -lt 7) {
        $images = 1..6 | ForEach-Object -Parallel {
            Import-Module $using:manifest
            New-FaceGenImage "parallel $_" $using:face -Connection $using:connection
        }
        $images.Prompt | Sort-Object | Should -Be (1..6 | ForEach-Object { "parallel $_" })
        (Get-FaceGenQueue).RequestCount | Should -Be 0
    }

    It 'works in Start-ThreadJob' -Skip:(-not (Get-Command Start-ThreadJob -ErrorAction Ignore)) {
        $jobs = 1..3 | ForEach-Object {
            $prompt = "job $_"
            Start-ThreadJob {
                Import-Module $using:manifest
                New-FaceGenImage $using:prompt $using:face -Connection $using:connection
            }
        }
        ($jobs | Receive-Job -Wait -AutoRemoveJob).Status | Should -Be Success, Success, Success
    }
}

Describe 'Batches' {
    It 'submits each row once in several runs' {
        $first = @(Invoke-FaceGenBatch $people -Destination "$TestDrive/batch" -SummaryVariable summary 6>$null)
        $first | Should -HaveCount 12
        $summary.State | Should -Be Complete
        $summary.Submitted | Should -Be 12
        (Invoke-FaceGenBatch $people -Destination "$TestDrive/batch" -SummaryOnly).Submitted | Should -Be 0
        (Get-ChildItem "$TestDrive/batch/*.png").Count | Should -Be 12
        Get-FaceGenBatchItem "$TestDrive/batch" -Status Saved | Should -HaveCount 12
        $report = Export-FaceGenReport "$TestDrive/batch/report.html" -Ledger "$TestDrive/batch/facegen.ledger"
        $report.Length | Should -BeGreaterThan 10kb
        (Get-FaceGenBatch "$TestDrive/batch" | Export-FaceGenReport "$TestDrive/batch/again.html").Length | Should -Be $report.Length
    }

    It 'emits rows that can be grouped, sorted and selected' {
        $items = Invoke-FaceGenBatch $people -Destination "$TestDrive/items" -InformationVariable information 6>$null
        ($items | Group-Object Status).Name | Should -Be Saved
        ($items | Sort-Object Source | Select-Object -Last 1).Source | Should -BeLike 'people.csv:*'
        $information.MessageData.State | Should -Be Complete
    }

    It 'emits a plan that converts to JSON' {
        $plan = Invoke-FaceGenBatch $people -Destination "$TestDrive/plan" -PlanOnly | ConvertTo-Json -WarningVariable warned | ConvertFrom-Json
        $plan.Rows, $plan.ToSubmit, $plan.ImagesToPay, $plan.NotRetried | Should -Be 12, 12, 12, 0
        $warned | Should -BeNullOrEmpty
        "$TestDrive/plan" | Should -Not -Exist
    }

    It 'sets the summary of a thread job in its own session' -Skip:(-not (Get-Command Start-ThreadJob -ErrorAction Ignore)) {
        $job = Start-ThreadJob {
            Import-Module $using:manifest
            $null = Invoke-FaceGenBatch $using:people -Destination "$using:TestDrive/job" -Connection $using:connection -SummaryVariable summary 6>$null
            $summary
        }
        ($job | Receive-Job -Wait -AutoRemoveJob).State | Should -Be Complete
    }

    It 'shows the reason of failed rows, and the port of a connection, at <_> columns' -ForEach 80, 120 {
        $strict = Start-FaceGenEmulator -Fault 'Q1-error@submit:prompt=broken'
        try {
            $null = $strict | Connect-FaceGen -Name strict
            $null = [pscustomobject]@{ prompt = 'broken'; face_image = $face }, [pscustomobject]@{ prompt = 'sound'; face_image = $face } |
                Invoke-FaceGenBatch -Destination "$TestDrive/failed$_" -Connection strict -ErrorAction SilentlyContinue 6>$null
            $text = (Get-FaceGenBatchItem "$TestDrive/failed$_" | Out-String -Width $_) -replace '\s+', ' '
            $text | Should -BeLike '*Failed*RequestRefused: *'
            $text | Should -BeLike '*Saved*1 sound*'
            Get-FaceGenConnection strict | Out-String -Width $_ | Should -BeLike "*:$($strict.BaseUri.Port)*"
        }
        finally {
            Disconnect-FaceGen strict
            $strict | Stop-FaceGenEmulator
        }
    }
}

Describe 'Exports' {
    BeforeAll {
        'prompt,face_image,width,sam', "one,$face,64,jdoe", "two,$face,64,asmith" | Set-Content "$TestDrive/people.csv"
        $generations = Import-FaceGenRequest "$TestDrive/people.csv" | New-FaceGenImage -Style comic -Samples 2
        $images = $generations | Save-FaceGenOutput "$TestDrive/exports" -Name '{sam}'
        $items = Invoke-FaceGenBatch "$TestDrive/people.csv" -Destination "$TestDrive/exports/batch" | Where-Object { $_.PSTypeNames[0] -eq 'FaceGen.BatchItem' }
    }

    It 'Export-Csv writes a text in each column' {
        $all = foreach ($objects in $generations, $images, $items) {
            $objects | Export-Csv "$TestDrive/exported.csv" -NoTypeInformation
            Import-Csv "$TestDrive/exported.csv"
        }
        $all.ForEach({ $_.PSObject.Properties.Value }) | Where-Object { $_ -match '^(System|FaceGen)\.' } | Should -BeNullOrEmpty
        $all.Row | Sort-Object -Unique | Should -Be 1, 2
        ($all | Where-Object FullName).Name | Sort-Object | Should -Be 'asmith-1.png', 'asmith-2.png', 'jdoe-1.png', 'jdoe-2.png'
        ($all | Where-Object Files).Files | ForEach-Object { $_ | Should -Exist }
    }

    It 'ConvertTo-Json has words and warns of nothing' {
        $json = foreach ($object in $generations[0], $images[0], $items[0]) { $object | ConvertTo-Json -WarningVariable +warned }
        $warned | Should -BeNullOrEmpty
        ($json[0, 2] | ConvertFrom-Json).Status | Should -Be Success, Saved
        ($json[1] | ConvertFrom-Json).Format | Should -Be Png
    }

    It 'a summary has words and numbers in JSON and CSV, and durations at the prompt' {
        $null = Invoke-FaceGenBatch "$TestDrive/people.csv" -Destination "$TestDrive/exports/batch" -SummaryVariable summary 6>$null
        $summary.Duration, $summary.TotalDuration | Should -BeOfType timespan
        $json = $summary | ConvertTo-Json
        $csv = $summary | ConvertTo-Csv | ConvertFrom-Csv
        foreach ($exported in ($json | ConvertFrom-Json), $csv) {
            $exported.State, $exported.Status | Should -Be Complete, Complete
            [double]$exported.TotalSeconds | Should -Be $summary.TotalDuration.TotalSeconds
            $exported.Seconds | Should -Not -BeNullOrEmpty
        }
        $json | Should -Not -Match 'Ticks'
    }

    It 'an emulator has its key at the prompt and no column for it' {
        $emulator.ApiKey | Should -BeOfType securestring
        $emulator | ConvertTo-Csv | ConvertFrom-Csv | ForEach-Object { $_.PSObject.Properties.Name } | Should -Be 'BaseUri', 'QueueLimit', 'ProcessId'
    }

    It 'Group-Object, Sort-Object and Measure-Object use the columns' {
        ($items | Group-Object Status).Name | Should -Be Saved
        ($images | Sort-Object Row, Index).Name | Should -Be 'jdoe-1.png', 'jdoe-2.png', 'asmith-1.png', 'asmith-2.png'
        ($generations | Measure-Object ImageCount -Sum).Sum | Should -Be 4
    }

    It 'the generation of an image is a property that exports hide' {
        $images[0].Generation.Request.Columns['sam'] | Should -BeIn 'jdoe', 'asmith'
        $images.Generation | Should -HaveCount 4
        $images[0] | Format-List * | Out-String | Should -Not -Match 'Generation'
    }

    It 'rows and images come back from Clixml' {
        $items | Export-Clixml "$TestDrive/items.xml"
        [regex]::Matches((Get-Content "$TestDrive/items.xml" -Raw), 'N="NegativePrompt"') | Should -HaveCount 2
        Import-Clixml "$TestDrive/items.xml" | Save-FaceGenOutput "$TestDrive/again" -Name '{sam}' | ForEach-Object Name | Sort-Object | Should -Be 'asmith.png', 'jdoe.png'
        (Import-Clixml "$TestDrive/items.xml" | New-FaceGenImage).Request.ForEach({ $_.Columns['sam'] }) | Sort-Object | Should -Be 'asmith', 'jdoe'
    }

    It 'a thread adopts the connection of its caller' -Skip:(-not (Get-Command Start-ThreadJob -ErrorAction Ignore)) {
        $job = Start-ThreadJob {
            Import-Module $using:manifest
            $null = $using:connection | Connect-FaceGen
            New-FaceGenImage adopted $using:face | Save-FaceGenOutput -OutFile "$using:TestDrive/adopted.png"
        }
        ($job | Receive-Job -Wait -AutoRemoveJob).Name | Should -Be adopted.png
        (Test-FaceGenConnection) | Should -BeTrue
    }
}

Describe 'Tab completion' {
    It 'offers <Offered> for <Line>' -ForEach @(
        @{ Line = 'New-FaceGenImage -Style c'; Offered = 'comic', 'chibi' }
        @{ Line = 'New-FaceGenImage -NumInferenceSteps '; Offered = '21', '31', '41' }
        @{ Line = 'Get-FaceGenBalance -Connection '; Offered = @('Default') }
        @{ Line = 'Show-FaceGenImage x -Protocol Si'; Offered = @('Sixel') }
        @{ Line = 'Start-FaceGenEmulator -Fault Q24-429@'; Offered = @('Q24-429@fetch') }
    ) {
        (TabExpansion2 $Line $Line.Length).CompletionMatches.CompletionText | Should -Be $Offered
    }

    It 'offers the ledgers in subfolders' {
        $null = New-Item "$TestDrive/tab/out one/facegen.ledger" -Force
        Push-Location "$TestDrive/tab"
        try {
            $line = 'Get-FaceGenBatch -Ledger '
            (TabExpansion2 $line $line.Length).CompletionMatches[0].CompletionText | Should -Be "'out one$([IO.Path]::DirectorySeparatorChar)facegen.ledger'"
        }
        finally {
            Pop-Location
        }
    }
}

Describe 'Output' {
    It 'shows generations as a table' {
        $text = New-FaceGenImage 'shown' $face -Seed 42 | Out-String -Width 120
        $text | Should -Match 'Id\s+Status\s+Images\s+Seconds\s+Seed\s+Prompt'
        $text | Should -Match 'Success\s+1\s.*42 shown'
    }

    It 'never shows the key' {
        $null = New-FaceGenImage p $face -Verbose -Debug 4>&1 5>&1
        (Get-FaceGenConnection | Format-List * -Force | Out-String) + ($Error | Out-String) + ($connection | ConvertTo-Json -Depth 4 -WarningAction Ignore) |
            Should -Not -Match 'emulator-key'
    }

    It 'keeps the key out of a transcript' {
        $null = Start-Transcript "$TestDrive/transcript.txt"
        try {
            $emulator | Connect-FaceGen -Verbose -Debug | Format-List * -Force | Out-Host
            New-FaceGenImage 'in transcript' $face -Verbose -Debug | Out-Host
            Get-FaceGenImage 999999999 -ErrorAction Continue 2>&1 | Out-Host
        }
        finally {
            $null = Stop-Transcript
        }

        $transcript = Get-Content "$TestDrive/transcript.txt" -Raw
        $transcript | Should -Match 'in transcript'
        $transcript | Should -Match '999999999'
        $transcript | Should -Not -Match 'emulator-key'
    }
}

Describe 'A pipeline that ends early' {
    It 'submits nothing more while downstream cmdlets run' {
        $few = Start-FaceGenEmulator -QueueLimit 1 -ServiceTime fixed:0.3
        try {
            $null = $few | Connect-FaceGen -Name few
            $before = (Get-FaceGenBalance -Connection few).Balance
            $one = 1..3 | ForEach-Object { "p$_" } | New-FaceGenImage -FaceImage $face -NoWait -Connection few | Select-Object -First 1 | Wait-FaceGenImage -Connection few
            $one.Prompt | Should -Be 'p1'
            [math]::Round(($before - (Get-FaceGenBalance -Connection few).Balance) * 100) | Should -Be 1
        }
        finally {
            Disconnect-FaceGen few
            $few | Stop-FaceGenEmulator
        }
    }
}

Describe 'Deserialized objects' {
    It 'saves a generation from a file' {
        New-FaceGenImage 'kept' $face -Style anime -Width 64 | Export-Clixml "$TestDrive/kept.xml"
        $image = Import-Clixml "$TestDrive/kept.xml" | Save-FaceGenOutput "$TestDrive/kept" -Name '{id} {style} {prompt}' -Sidecar
        $image.FullName | Should -Exist
        Split-Path $image.FullName -Leaf | Should -BeLike '* anime kept.png'
    }

    It 'waits for, saves and deletes a pending generation from a file' {
        New-FaceGenImage 'pending' $face -NoWait | Export-Clixml "$TestDrive/pending.xml"
        $image = Import-Clixml "$TestDrive/pending.xml" | Wait-FaceGenImage
        $image.Status | Should -Be Success
        $image | Export-Clixml "$TestDrive/pending.xml"
        Import-Clixml "$TestDrive/pending.xml" | Save-FaceGenOutput "$TestDrive/pending" -RemoveAfterSave | Should -HaveCount 1
    }

    It 'repeats a generation and a request from a file' {
        New-FaceGenImage 'once more' $face -Style comic | Export-Clixml "$TestDrive/again.xml"
        (Import-Clixml "$TestDrive/again.xml" | New-FaceGenImage).Request.Style | Should -Be comic
        [pscustomobject]@{ prompt = 'of a file'; face_image = $face } | Export-Csv "$TestDrive/again.csv"
        Import-FaceGenRequest "$TestDrive/again.csv" | Export-Clixml "$TestDrive/request.xml"
        (Import-Clixml "$TestDrive/request.xml" | New-FaceGenImage).Prompt | Should -Be 'of a file'
    }

    It 'sorts rows in input order' {
        1..11 | ForEach-Object { [pscustomobject]@{ prompt = "p$_"; face_image = $face } } | Export-Csv "$TestDrive/order.csv"
        (Import-FaceGenRequest "$TestDrive/order.csv" | Sort-Object Source -Descending).Prompt | Should -Be (11..1 | ForEach-Object { "p$_" })
    }

    It 'accepts a saved image from a file as a face' {
        New-FaceGenImage 'first' $face | Save-FaceGenOutput "$TestDrive/first" | Export-Clixml "$TestDrive/saved.xml"
        $image = New-FaceGenImage 'second' (Import-Clixml "$TestDrive/saved.xml")
        $image.Request.FaceImage.FilePath | Should -BeLike '*first*'
    }

    It 'saves a generation of another process' {
        $address = $connection.BaseUri
        $job = Start-Job {
            Import-Module $using:manifest
            $null = Connect-FaceGen -ApiKey emulator-key -BaseUri $using:address
            New-FaceGenImage 'of a job' $using:face
        }
        $job | Receive-Job -Wait -AutoRemoveJob | Save-FaceGenOutput "$TestDrive/job" | Should -HaveCount 1
    }

    It 'repeats the request of a sidecar' {
        $image = New-FaceGenImage 'again' $face -Style comic -Width 64 | Save-FaceGenOutput "$TestDrive/again" -Sidecar
        $repeated = Get-Content "$($image.FullName).json" -Raw | ConvertFrom-Json | New-FaceGenImage | Save-FaceGenOutput "$TestDrive/again2"
        $repeated.Sha256 | Should -Be $image.Sha256
    }
}

Describe 'Schedules' {
    BeforeAll {
        $schedule = Convert-Path "$PSScriptRoot/../../docs/examples/schedule"
        $key = $env:MODELSLAB_API_KEY
        $env:MODELSLAB_API_KEY = $null

        # Runs the command line of a scheduler in a session with the module.
        function Invoke-Scheduled([string] $Arguments) {
            $Arguments | Should -BeLike '-NoProfile -NonInteractive -File *'
            $session = [powershell]::Create()
            try {
                $null = $session.AddScript('param($Module, $Line) Import-Module $Module; & ([scriptblock]::Create("& $Line")); "exit code $LASTEXITCODE"')
                $null = $session.AddArgument($manifest).AddArgument(($Arguments -replace '^.*? -File '))
                $session.Invoke() | Select-Object -Last 2 | ForEach-Object { $_ -replace '^\S+Z ' }
            }
            finally { $session.Dispose() }
        }
    }

    AfterAll {
        $env:MODELSLAB_API_KEY = $key
    }

    It 'a systemd service runs the batch once' {
        New-Item "$TestDrive/srv" -ItemType Directory
        Copy-Item "$schedule/../*.ps1", $people, $face "$TestDrive/srv"
        $start = (Get-Content "$schedule/facegen-batch.service") -match '^ExecStart=' -replace '^ExecStart=\S+ ' -replace '/srv/facegen', "$TestDrive/srv"
        Invoke-Scheduled $start | Should -Be 'Complete: 12 of 12 saved, 0 failed, 0 uncertain, 0 left. This run sent 12 rows and paid for 12 images.', 'exit code 0'
        Invoke-Scheduled $start | Should -Be 'Complete: 12 of 12 saved, 0 failed, 0 uncertain, 0 left. This run sent 0 rows and paid for 0 images.', 'exit code 0'
        $records = Get-Content "$TestDrive/srv/out/facegen.jsonl" | ConvertFrom-Json
        ($records | Group-Object event -NoElement | Sort-Object Name | ForEach-Object { "$($_.Name) $($_.Count)" }) -join ', ' | Should -Be 'RowEnd 12, RunBegin 2, RunEnd 2'
        Get-ChildItem "$TestDrive/srv/out" -Filter *.png | Should -HaveCount 12
    }

    It 'a Windows task runs the batch in a folder with spaces' {
        # Fakes of the Windows cmdlets return their parameters.
        Set-Item function:New-ScheduledTaskAction { param($Execute, $Argument, $WorkingDirectory) $PSBoundParameters }
        Set-Item function:New-ScheduledTaskTrigger { param([switch] $Once, $At, $RepetitionInterval) $PSBoundParameters }
        Set-Item function:New-ScheduledTaskSettingsSet { param([switch] $StartWhenAvailable, $MultipleInstances, $ExecutionTimeLimit) $PSBoundParameters }
        Set-Item function:Register-ScheduledTask { param($TaskName, $Action, $Trigger, $Settings) $PSBoundParameters }

        & "$schedule/Register-FaceGenBatch.ps1" $people "$TestDrive/my out" -WhatIf | Should -BeNullOrEmpty
        $task = & "$schedule/Register-FaceGenBatch.ps1" $people "$TestDrive/my out"
        $task.Action.Execute | Should -Be pwsh.exe
        $task.Trigger.RepetitionInterval | Should -Be ([timespan] '01:00')
        Invoke-Scheduled $task.Action.Argument | Should -Be 'Complete: 12 of 12 saved, 0 failed, 0 uncertain, 0 left. This run sent 12 rows and paid for 12 images.', 'exit code 0'
        $log = Get-Content "$TestDrive/my out/facegen.log"
        $log | Should -HaveCount 13
        $log[0..11] | Should -Match '^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ people\.csv:\d+ Saved id=\d+ error= ?$'
        Get-ChildItem "$TestDrive/my out" -Filter *.png | Should -HaveCount 12

        $separator = [IO.Path]::DirectorySeparatorChar
        $folder = Split-Path $people
        Push-Location $folder
        try { $relative = & "$schedule/Register-FaceGenBatch.ps1" (Split-Path $people -Leaf) "out$separator" }
        finally { Pop-Location }
        $relative.Action.WorkingDirectory | Should -Be $folder
        $end = if ($separator -eq '\') { '\\' } else { $separator }
        $relative.Action.Argument | Should -BeLike "* -Path ""$people"" -Destination ""$folder$($separator)out$end"" -TimeLimit *"
    }
}

Describe 'Scripts' {
    It 'pass PSScriptAnalyzer' -Skip:(-not (Get-Module PSScriptAnalyzer -ListAvailable)) {
        $root = Convert-Path "$PSScriptRoot/../.."
        $scripts = Get-ChildItem "$root/build.ps1", "$root/FaceGen.psd1", "$root/FaceGen.psm1", "$root/docs", "$root/tests/Pester" -Recurse -Include *.ps1, *.psd1, *.psm1
        $scripts | Should -Not -BeNullOrEmpty
        $scripts | ForEach-Object { Invoke-ScriptAnalyzer $_.FullName -Settings "$root/PSScriptAnalyzerSettings.psd1" } |
            ForEach-Object { "$($_.ScriptName):$($_.Line) $($_.Message)" } | Should -BeNullOrEmpty
    }
}
