@{
    # It does not see what a script block assigns and the script around it reads.
    ExcludeRules = @('PSUseDeclaredVarsMoreThanAssignments')
}
