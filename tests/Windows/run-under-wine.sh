#!/usr/bin/env bash
# Runs the tests of the Windows builds under Wine, which comes from the distribution, with one process for each class. A class that
# hangs, or whose runtime Wine ends ("SuspendThread failed"), is run up to three times. Failures that known-failures.txt explains are
# faults of Wine.
# Wine has no .NET Framework here, and .NET 8 does not start on it: the tests run on .NET 10 for Windows, which brings itself.
#
#     tests/Windows/run-under-wine.sh [--no-build] [Core|Batches|PowerShell|Quickstart|CLASS]...
#
# Quickstart runs docs/examples/quickstart.ps1 in pwsh for Windows, with the module for all platforms. Its .NET is installed in Wine
# from the runtime packs of NuGet; dotnet.exe, which no pack has, is compiled with MinGW from the distribution.
# It takes about an hour for all, and prints a table. The exit code is 1 if a test failed that is not known to fail.
set -euo pipefail
cd "$(dirname "$0")/../.."

class_limit=90 # seconds
parallel=2
known=tests/Windows/known-failures.txt
out=$PWD/artifacts/wine
mkdir -p "$out/results"

install() { # install PACKAGE...: from the distribution
    local root=(); [ "$(id -u)" -eq 0 ] || root=(sudo)
    "${root[@]}" apt-get update -qq
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}
if ! command -v wine >/dev/null && ! command -v wine64 >/dev/null; then install wine wine64; fi
wine=$(command -v wine64 || command -v wine)
export WINEPREFIX=$out/prefix WINEDEBUG=-all WINEARCH=win64
# Wine does not map memory twice, as .NET does so that no page is writable and executable.
export DOTNET_EnableWriteXorExecute=0
# Suspending threads sometimes fails or hangs under Wine. .NET does it to collect garbage, to replace code and for diagnostics: less often so.
export DOTNET_TieredCompilation=0 DOTNET_gcConcurrent=0 DOTNET_GCgen0size=0x10000000 DOTNET_EnableDiagnostics=0
export TEMP='C:\temp' TMP='C:\temp'
mkdir -p "$WINEPREFIX/drive_c/temp"

# In Windows' form: the tests run on drive Z:, which is the root folder.
windows_path() { printf 'Z:%s' "${1//\//\\}"; }

folder_of() { printf '%s' "$out/build/bin/FaceGen.$1.Tests/release_win-x64"; }

# build PROJECT: with the runtime. Publishing fails for references that are built for several frameworks.
build() {
    dotnet build "tests/FaceGen.$1.Tests" --configuration Release --runtime win-x64 --self-contained --nologo -v quiet \
        -p:ArtifactsPath="$out/build/" -p:AllPlatforms=true -p:RunAnalyzers=false
    # The tests also use SkiaSharp directly.
    local native; native=$(folder_of "$1")/runtimes/win-x64/native
    if [ -d "$native" ]; then cp -f "$native"/*.dll "$(folder_of "$1")/"; fi
}

# run PROJECT RESULT ARGUMENTS: 124 or 137 if it hangs
run() {
    local project=$1 result=$2; shift 2
    rm -f "$out/results/$result.trx"
    (cd "$(folder_of "$project")" && nice timeout --kill-after 10 "$class_limit" "$wine" "FaceGen.$project.Tests.exe" "$@" -noColor -result-trx "$(windows_path "$out/results/$result.trx")") \
        >"$out/results/$result.log" 2>&1 </dev/null
}

# run_class PROJECT CLASS: again if it hangs or Wine ends the runtime, and at most three times
run_class() {
    local result=$1-$2 attempt status
    for attempt in 1 2 3; do
        echo $((attempt - 1)) >"$out/results/$result.retries"
        status=0; run "$1" "$result" -class "$2" || status=$?
        [ ! -f "$out/results/$result.trx" ] || break
        [ "$status" -eq 124 ] || [ "$status" -eq 137 ] || grep -q 'SuspendThread failed' "$out/results/$result.log" || break
        # A known hang costs its time once.
        ! is_known "$2" || break
    done
    echo "   $2: status $status, after $attempt"
}

count() { # count NAME FILES: the sum of a counter
    local name=$1; shift
    { grep -hoE '<Counters [^>]*>' "$@" 2>/dev/null || true; } | { grep -oE " $name=\"[0-9]+\"" || true; } | { grep -oE '[0-9]+' || true; } | awk '{ sum += $1 } END { print sum + 0 }'
}

failed_tests() { # failed_tests FILES: the names of the tests that failed
    { grep -hE '<UnitTestResult [^>]*outcome="Failed"' "$@" 2>/dev/null || true; } | grep -oE 'testName="[^"]*"' | sed 's/^testName="//; s/"$//; s/&quot;/"/g; s/&lt;/</g; s/&gt;/>/g; s/&amp;/\&/g'
}

is_known() { # is_known NAME: true if a line of the list, up to its tab, is the name, without the arguments of a test
    local pattern
    while IFS=$'\t' read -r pattern _; do
        case $pattern in '' | '#'*) continue ;; esac
        case $1 in "$pattern" | "$pattern"\(*) return 0 ;; esac
    done <"$known"
    return 1
}

# Installs .NET for Windows where programs expect it.
install_dotnet() {
    local version target=$WINEPREFIX/drive_c/'Program Files'/dotnet packages name pack
    version=$(dotnet --list-runtimes | awk '$1 == "Microsoft.NETCore.App" && $2 ~ /^10\./ { version = $2 } END { print version }')
    packages=$(dotnet nuget locals global-packages --list | sed 's/^global-packages: //')
    mkdir -p "$out/packs" "$target/host/fxr/$version"
    {
        echo '<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><TargetFramework>net10.0</TargetFramework></PropertyGroup><ItemGroup>'
        for name in NETCore AspNetCore WindowsDesktop; do echo "<PackageDownload Include=\"Microsoft.$name.App.Runtime.win-x64\" Version=\"[$version]\" />"; done
        echo '</ItemGroup></Project>'
    } >"$out/packs/packs.csproj"
    dotnet restore "$out/packs/packs.csproj" -v quiet
    for name in NETCore AspNetCore WindowsDesktop; do
        pack=$packages/$(tr '[:upper:]' '[:lower:]' <<<"microsoft.$name.app.runtime.win-x64")/$version/runtimes/win-x64
        mkdir -p "$target/shared/Microsoft.$name.App/$version"
        find "$pack" -maxdepth 3 -type f -exec cp -f {} "$target/shared/Microsoft.$name.App/$version/" \;
    done
    cp -f "$target/shared/Microsoft.NETCore.App/$version/hostfxr.dll" "$target/host/fxr/$version/"
    command -v x86_64-w64-mingw32-gcc >/dev/null || install gcc-mingw-w64-x86-64-win32
    x86_64-w64-mingw32-gcc -municode -O1 "-DVERSION=L\"$version\"" tests/Windows/dotnet.c -o "$target/dotnet.exe"
}

quickstart() {
    local pwsh images rows
    dotnet build src/FaceGen.Console --configuration Release --nologo -v quiet -p:ArtifactsPath="$out/quickstart/" -p:AllPlatforms=true -p:RunAnalyzers=false
    pwsh=$(dotnet msbuild src/FaceGen.Console -getProperty:Pwsh)
    rm -rf "$out/quickstart/out"
    printf "%s\n" '$ErrorActionPreference = "Stop"' \
        "& { Import-Module '$(windows_path "$out/quickstart/FaceGen")'; & '$(windows_path "$PWD/docs/examples/quickstart.ps1")' -Destination '$(windows_path "$out/quickstart/out")' } *> '$(windows_path "$out/quickstart/log.txt")'" \
        >"$out/quickstart/run.ps1"
    # Without a terminal, pwsh ends at once under Wine.
    DOTNET_ROOT='C:\Program Files\dotnet' POWERSHELL_TELEMETRY_OPTOUT=1 nice timeout --kill-after 10 300 script -qec \
        "'$wine' '$(dirname "$pwsh")/../win/pwsh.exe' -NoLogo -NoProfile -NonInteractive -ExecutionPolicy Bypass -File '$(windows_path "$out/quickstart/run.ps1")'" /dev/null \
        >"$out/quickstart/terminal.log" </dev/null || true
    images=$(find "$out/quickstart/out" -name '*.png' 2>/dev/null | wc -l)
    rows=$(($(wc -l <docs/examples/people.csv) - 1))
    echo "quickstart: $images images for $rows rows ($out/quickstart/log.txt)"
    [ "$images" -eq "$rows" ] && [ -f "$out/quickstart/out/report.html" ] || unknown=$((unknown + 1))
}

projects=() classes=() must_build=true
for argument in "$@"; do
    case $argument in --no-build) must_build=false ;; Core | Batches | PowerShell | Quickstart) projects+=("$argument") ;; *) classes+=("$argument") ;; esac
done
[ ${#projects[@]} -gt 0 ] || projects=(Core Batches PowerShell Quickstart)

"$wine" wineboot --init >/dev/null 2>&1 || true
! $must_build || install_dotnet
unknown=0 table='| tests | passed | failed | of these known | skipped | classes without a result | of these known | run again |
| --- | --- | --- | --- | --- | --- | --- | --- |'
for project in "${projects[@]}"; do
    echo "== $project"
    if [ "$project" = Quickstart ]; then quickstart; continue; fi
    ! $must_build || build "$project"
    hung=0 known_hung=0 retried=0 results=()
    mapfile -t names < <(cd "$(folder_of "$project")" && "$wine" "FaceGen.$project.Tests.exe" -list classes 2>/dev/null | tr -d '\r' | sed 's/^ *//' | grep -E "^FaceGen\." | sort -u)
    [ ${#names[@]} -gt 0 ] || { echo "FAILED: the classes of $project could not be listed" >&2; exit 1; }
    selected=()
    for name in "${names[@]}"; do
        if [ ${#classes[@]} -eq 0 ] || [[ " ${classes[*]} " == *" ${name##*.} "* ]]; then selected+=("$name"); fi
    done
    for name in "${selected[@]}"; do
        while [ "$(jobs -rp | wc -l)" -ge "$parallel" ]; do wait -n || true; done
        run_class "$project" "$name" &
    done
    wait
    for name in "${selected[@]}"; do
        result=$out/results/$project-$name
        retried=$((retried + $(cat "$result.retries")))
        if [ -f "$result.trx" ]; then results+=("$result.trx")
        elif is_known "$name"; then known_hung=$((known_hung + 1))
        else hung=$((hung + 1)); echo "   FAILED: $name has no results: $result.log"; fi
    done
    failed=0 explained=0
    while IFS= read -r test; do
        [ -n "$test" ] || continue
        failed=$((failed + 1))
        if is_known "$test"; then explained=$((explained + 1)); else unknown=$((unknown + 1)); echo "   FAILED: $test"; fi
    done < <(failed_tests "${results[@]}")
    unknown=$((unknown + hung))
    table+="
| $project | $(count passed "${results[@]}") | $failed | $explained | $(($(count total "${results[@]}") - $(count executed "${results[@]}"))) | $((hung + known_hung)) | $known_hung | $retried |"
done

echo
"$wine" --version | sed "s/^/.NET $(dotnet --version | cut -d. -f1) for Windows under /; s/\$/, commit $(git rev-parse --short HEAD)/"
echo "$table"
[ "$unknown" -eq 0 ]
