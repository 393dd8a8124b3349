
# Options and reports as in vitest 3; the results come from the files in $answers.
reporters=
output=
filters=
empty_is_fine=
while [ "$#" -gt 0 ]; do
    case $1 in
        --reporter=*) reporters="$reporters ${1#*=}" ;;
        --reporter) reporters="$reporters ${2:-}" && shift ;;
        --outputFile=* | --outputFile.json=*) output=${1#*=} ;;
        --outputFile | --outputFile.json) output=${2:-} && shift ;;
        --passWithNoTests) empty_is_fine=1 ;;
        --run | --no-color | --silent | --coverage*) ;;
        --*)
            echo "CACError: Unknown option \`${1%%=*}\`" >&2
            exit 1
            ;;
        run) ;;
        "$root"/*) filters="$filters ${1#"$root"/}" ;;
        *) filters="$filters${1:+ $1}" ;;
    esac
    shift
done

milliseconds() {
    echo "$(date +%s)000"
}

# A file runs if its path contains one of the filters, or if there is no filter.
chosen() {
    [ -n "$filters" ] || return 0
    for filter in $filters; do
        case $1 in
            *"${filter#./}"*) return 0 ;;
        esac
    done
    return 1
}

# cases STATUS COUNT: prints that many entries of a file's list.
cases() {
    case $1 in
        passed) rest='"duration":1.25,"failureMessages":[]' ;;
        failed) rest='"duration":2.5,"failureMessages":["AssertionError: expected 401 to be 200 // Object.is equality"]' ;;
        *) rest='"failureMessages":[]' ;;
    esac
    number=0
    while [ "$number" -lt "$2" ]; do
        number=$((number + 1))
        title="$1 case $number"
        printf '%s{"ancestorTitles":["rehearsal"],"fullName":"rehearsal %s","status":"%s","title":"%s",%s,"meta":{}}' \
            "$comma" "$title" "$1" "$title" "$rest"
        comma=,
    done
}

begun=$(milliseconds)
results=
lines=
files=0 bad_files=0 suites=0 bad_suites=0 passed=0 failed=0 skipped=0 todo=0
for entry in "$answers"/vitest/*; do
    [ -e "$entry/counts" ] || continue
    path=$(cat "$entry/path")
    chosen "$path" || continue
    read -r p f s t broken <"$entry/counts"
    files=$((files + 1)) status=passed message= mark='✓'
    [ "$f" = 0 ] || status=failed mark='❯'
    if [ "$broken" = true ]; then
        # A file that cannot be loaded has no tests and counts as one suite.
        p=0 f=0 s=0 t=0 status=failed mark='❯' message="Cannot find module './nowhere' imported from '$path'"
        suites=$((suites + 1)) bad_suites=$((bad_suites + 1))
    else
        suites=$((suites + 2))
        [ "$f" = 0 ] || bad_suites=$((bad_suites + 2))
    fi
    [ "$status" = passed ] || bad_files=$((bad_files + 1))
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s)) todo=$((todo + t))
    comma=
    list=$(cases passed "$p"; [ "$p" = 0 ] || comma=,
        cases failed "$f"; [ "$f" = 0 ] || comma=,
        cases skipped "$s"; [ "$s" = 0 ] || comma=,
        cases todo "$t")
    result=$(printf '{"assertionResults":[%s],"startTime":%s,"endTime":%s.25,"status":"%s","message":"%s","name":%s}' \
        "$list" "$begun" "$begun" "$status" "$message" "$(cat "$entry/name")")
    results="$results${results:+,}$result"
    lines="$lines $mark $path ($((p + f + s + t)) tests | $f failed | $((s + t)) skipped) 7ms
"
done

# After an error outside of every test vitest exits with 1, but its report still has success:true.
unhandled=
[ ! -e "$answers/vitest/unhandled" ] || unhandled=1
success=true
[ "$bad_files" = 0 ] || success=false
[ "$files" != 0 ] || [ -n "$empty_is_fine" ] || success=false

report() {
    printf '{"numTotalTestSuites":%s,"numPassedTestSuites":%s,"numFailedTestSuites":%s,"numPendingTestSuites":0,' \
        "$suites" "$((suites - bad_suites))" "$bad_suites"
    printf '"numTotalTests":%s,"numPassedTests":%s,"numFailedTests":%s,"numPendingTests":%s,"numTodoTests":%s,' \
        "$((passed + failed + skipped + todo))" "$passed" "$failed" "$skipped" "$todo"
    printf '"snapshot":{"added":0,"failure":false,"filesAdded":0,"filesRemoved":0,"filesRemovedList":[],'
    printf '"filesUnmatched":0,"filesUpdated":0,"matched":0,"total":0,"unchecked":0,"uncheckedKeysByFile":[],'
    printf '"unmatched":0,"updated":0,"didUpdate":false},"startTime":%s,"success":%s,"testResults":[%s]}' \
        "$begun" "$success" "$results"
}

for reporter in ${reporters:-default}; do
    case $reporter in
        json)
            if [ -n "$output" ]; then
                case $output in
                    /*) file=$output ;;
                    *) file=$PWD/$output ;;
                esac
                mkdir -p "$(dirname "$file")"
                report >"$file"
                echo "JSON report written to $file"
            else
                report
                echo
            fi
            ;;
        *)
            printf '\n RUN  v3.2.7 %s\n\n' "$PWD"
            if [ "$files" = 0 ]; then
                [ -n "$empty_is_fine" ] || echo 'No test files found, exiting with code 1' >&2
                continue
            fi
            printf '%s\n' "$lines"
            printf ' Test Files  %s failed | %s passed (%s)\n' "$bad_files" "$((files - bad_files))" "$files"
            printf '      Tests  %s failed | %s passed | %s skipped | %s todo (%s)\n' \
                "$failed" "$passed" "$skipped" "$todo" "$((passed + failed + skipped + todo))"
            ;;
    esac
done
if [ -n "$unhandled" ]; then
    echo 'Vitest caught 1 unhandled error during the test run.' >&2
    exit 1
fi
[ "$success" = true ]
