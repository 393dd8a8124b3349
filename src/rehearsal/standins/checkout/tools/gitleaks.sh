
now=$(date '+%I:%M%p')
echo "$now INF 1 commits scanned." >&2
if red; then
    echo "$now WRN leaks found: 1" >&2
    exit 1
fi
echo "$now INF no leaks found" >&2
