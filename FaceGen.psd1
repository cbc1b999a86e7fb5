@{
    RootModule             = 'FaceGen.psm1'
    ModuleVersion          = '0.1.0'
    GUID                   = '5c0b8d4e-3f6a-4d0e-9a55-6f1d1f2a7c31'
    Author                 = 'The FaceGen authors'
    CompanyName            = 'The FaceGen authors'
    Copyright              = '(c) The FaceGen authors. MIT license.'
    Description            = 'Generates face images with the ModelsLab API: from one line at a prompt, from CSV files, and in unattended runbooks. No image is paid for twice, and no paid image is lost.'
    PowerShellVersion      = '5.1'
    DotNetFrameworkVersion = '4.7.2'
    CompatiblePSEditions   = @('Desktop', 'Core')
    TypesToProcess         = @('FaceGen.Types.ps1xml')
    FormatsToProcess       = @('FaceGen.Format.ps1xml')
    FunctionsToExport      = @()
    VariablesToExport      = @()
    AliasesToExport        = @()
    CmdletsToExport        = @(
        'Connect-FaceGen'
        'Disconnect-FaceGen'
        'Export-FaceGenReport'
        'Get-FaceGenBalance'
        'Get-FaceGenBatch'
        'Get-FaceGenBatchItem'
        'Get-FaceGenConnection'
        'Get-FaceGenImage'
        'Get-FaceGenQueue'
        'Import-FaceGenRequest'
        'Invoke-FaceGenBatch'
        'New-FaceGenImage'
        'New-FaceGenWebhook'
        'Publish-FaceGenFace'
        'Receive-FaceGenWebhook'
        'Remove-FaceGenImage'
        'Remove-FaceGenWebhook'
        'Save-FaceGenOutput'
        'Show-FaceGenImage'
        'Start-FaceGenEmulator'
        'Stop-FaceGenEmulator'
        'Test-FaceGenConnection'
        'Wait-FaceGenImage'
    )
    PrivateData            = @{
        PSData = @{
            Tags         = @('AI', 'Image', 'Face', 'ModelsLab', 'Windows', 'Linux', 'MacOS', 'PSEdition_Desktop', 'PSEdition_Core')
            LicenseUri   = 'https://opensource.org/license/mit'
            ProjectUri   = 'https://www.powershellgallery.com/packages/FaceGen'
            Prerelease   = 'preview1'
            ReleaseNotes = 'First preview: from a CSV of prompts to saved images, resumable batches, webhooks, reports, and an emulator to try FaceGen offline.'
        }
    }
}
