#!/usr/bin/env bash
# Runs the tests of the Windows builds under Wine, which comes from the distribution, with one process for each class. A class that
# hangs, or whose runtime Wine ends ("SuspendThread failed"), is run up to three times. Failures that known-failures.txt explains are
# faults of Wine.
# Wine has no .NET Framework here, and .NET 8 does not start on it: the tests run on .NET 10 for Windows, which brings itself.
#
#     tests/Windows/run-under-wine.sh [Core|Batches|PowerShell|CLASS]...
#
# It takes about an hour for all, and prints a table. The exit code is 1 if a test failed that is not known to fail.
set -euo pipefail
cd "$(dirname "$0")/../.."

class_limit=180 # seconds
known=tests/Windows/known-failures.txt
out=$PWD/artifacts/wine
mkdir -p "$out/results"

if ! command -v wine >/dev/null && ! command -v wine64 >/dev/null; then
    root=(); [ "$(id -u)" -eq 0 ] || root=(sudo)
    "${root[@]}" apt-get update -qq
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends wine wine64 >/dev/null
fi
wine=$(command -v wine64 || command -v wine)
export WINEPREFIX=$out/prefix WINEDEBUG=-all WINEARCH=win64
# Wine does not map memory twice, as .NET does so that no page is writable and executable.
export DOTNET_EnableWriteXorExecute=0
export TEMP='C:\temp' TMP='C:\temp'
mkdir -p "$WINEPREFIX/drive_c/temp"

# In Windows' form: the tests run on drive Z:, which is the root folder.
windows_path() { printf 'Z:%s' "${1//\//\\}"; }

# publish PROJECT
publish() {
    dotnet publish "tests/FaceGen.$1.Tests" --configuration Release --runtime win-x64 --self-contained --nologo -v quiet \
        -p:ArtifactsPath="$out/build/" -p:AllPlatforms=true -p:RunAnalyzers=false --output "$out/$1"
    # The tests use SkiaSharp directly, too.
    if [ -d "$out/$1/runtimes/win-x64/native" ]; then cp -f "$out/$1"/runtimes/win-x64/native/*.dll "$out/$1/"; fi
}

# run PROJECT RESULT ARGUMENTS: 124 or 137 if it hangs
run() {
    local project=$1 result=$2; shift 2
    rm -f "$out/results/$result.trx"
    (cd "$out/$project" && timeout --kill-after 10 "$class_limit" "$wine" "FaceGen.$project.Tests.exe" "$@" -noColor -result-trx "$(windows_path "$out/results/$result.trx")") \
        >"$out/results/$result.log" 2>&1 </dev/null
}

count() { # count NAME FILES: the sum of a counter
    local name=$1; shift
    { grep -hoE '<Counters [^>]*>' "$@" 2>/dev/null || true; } | { grep -oE " $name=\"[0-9]+\"" || true; } | { grep -oE '[0-9]+' || true; } | awk '{ sum += $1 } END { print sum + 0 }'
}

failed_tests() { # failed_tests FILES: the names of the tests that failed
    { grep -hE '<UnitTestResult [^>]*outcome="Failed"' "$@" 2>/dev/null || true; } | grep -oE 'testName="[^"]*"' | sed 's/^testName="//; s/"$//; s/&quot;/"/g; s/&lt;/</g; s/&gt;/>/g; s/&amp;/\&/g'
}

is_known() { # is_known TEST: true if a line of the list, up to its tab, begins the name
    local pattern
    while IFS=$'\t' read -r pattern _; do
        case $pattern in '' | '#'*) continue ;; esac
        case $1 in "$pattern"*) return 0 ;; esac
    done <"$known"
    return 1
}

projects=() classes=()
for argument in "$@"; do
    case $argument in Core | Batches | PowerShell) projects+=("$argument") ;; *) classes+=("$argument") ;; esac
done
[ ${#projects[@]} -gt 0 ] || projects=(Core Batches PowerShell)

"$wine" wineboot --init >/dev/null 2>&1 || true
unknown=0 table='| tests | passed | failed | of these known | skipped | no result | run again |
| --- | --- | --- | --- | --- | --- | --- |'
for project in "${projects[@]}"; do
    echo "== $project"
    publish "$project"
    hung=0 retried=0 results=()
    mapfile -t names < <(cd "$out/$project" && "$wine" "FaceGen.$project.Tests.exe" -list classes 2>/dev/null | tr -d '\r' | sed 's/^ *//' | grep -E "^FaceGen\." | sort -u)
    [ ${#names[@]} -gt 0 ] || { echo "FAILED: the classes of $project could not be listed" >&2; exit 1; }
    for name in "${names[@]}"; do
        if [ ${#classes[@]} -gt 0 ] && [[ " ${classes[*]} " != *" ${name##*.} "* ]]; then continue; fi
        result=$project-$(tr -c 'A-Za-z0-9.\n' _ <<<"$name")
        for attempt in 1 2 3; do
            status=0; run "$project" "$result" -class "$name" || status=$?
            [ ! -f "$out/results/$result.trx" ] || break
            # Only a test that hangs, or a runtime that Wine ends, is run again.
            [ "$status" -eq 124 ] || [ "$status" -eq 137 ] || grep -q 'SuspendThread failed' "$out/results/$result.log" || break
            [ "$attempt" -eq 3 ] || retried=$((retried + 1))
        done
        if [ -f "$out/results/$result.trx" ]; then results+=("$out/results/$result.trx")
        else hung=$((hung + 1)); echo "   $name has no results (status $status): $out/results/$result.log"; fi
    done
    failed=0 explained=0
    while IFS= read -r test; do
        [ -n "$test" ] || continue
        failed=$((failed + 1))
        if is_known "$test"; then explained=$((explained + 1)); else unknown=$((unknown + 1)); echo "   FAILED: $test"; fi
    done < <(failed_tests "${results[@]}")
    unknown=$((unknown + hung))
    table+="
| $project | $(count passed "${results[@]}") | $failed | $explained | $(($(count total "${results[@]}") - $(count executed "${results[@]}"))) | $hung | $retried |"
done

echo
"$wine" --version | sed "s/^/.NET $(dotnet --version | cut -d. -f1) for Windows under /; s/\$/, commit $(git rev-parse --short HEAD)/"
echo "$table"
[ "$unknown" -eq 0 ]
