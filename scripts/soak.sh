#!/bin/sh
# The proofs of tests/proof in their long forms, and what they did, with counts.
#
#   scripts/soak.sh FOLDER [ARGUMENTS OF meson test]      a build folder; make soak takes build
#
#   SOAK_PERCENT=100   of the counts below: 100 takes an hour or two on two cores, 10 some ten minutes
#   CRASH_ROUNDS=50    any count by itself: see the list
#   SEED=N             repeats the choices of a run that failed; a failure prints it
#
# Bounded: a program that does not end is ended, and counts as failed. Nothing is left behind but the
# log, FOLDER/meson-logs/testlog.txt. Exit status 0 when all held.
set -eu
cd "$(dirname "$0")/.."
[ $# -ge 1 ] && [ -f "$1/build.ninja" ] || { sed -n '2,12s/^# \{0,1\}//p' "$0" >&2; exit 2; }
folder=$1
shift
percent=${SOAK_PERCENT:-100}
case $percent in
    '' | *[!0-9]*) echo "$0: SOAK_PERCENT is a number" >&2; exit 2 ;;
esac

# NAME FULL LEAST WHAT: so many of the full count, unless NAME is set.
count() {
    eval "value=\${$1:-}"
    [ "$value" ] || value=$(($2 * percent / 100 > $3 ? $2 * percent / 100 : $3))
    eval "export $1=\$value"
    printf '  %-20s %6s  %s\n' "$1" "$value" "$4"
}

echo "soak: $percent percent"
count CRASH_ROUNDS 1000 3 "times kill -9 under load"
count CRASH_SERVE_ROUNDS 200 2 "times kill -9 of serve"
count POWERCUT_ROUNDS 1000 6 "power cuts"
count FAULT_ROUNDS 100 2 "failing syncs, and as many failing writes"
count LINEAR_ROUNDS 1000 20 "rounds of concurrent clients, each judged, in each of four settings"
count MODEL_SECONDS 900 10 "seconds of random operations beside a naive model"
count OVERLOAD_IDLE 10000 2000 "idle connections"
count OVERLOAD_BUSY 1000 200 "busy connections"
count OVERLOAD_SECONDS 30 3 "seconds of overload"

began=$(date +%s)
status=0
scripts/test.sh "$folder" --suite proof --timeout-multiplier $((2 + percent)) "$@" || status=$?
echo
/usr/bin/python3 scripts/count_tests.py --remarks "$folder/meson-logs/testlog.json" || status=1
echo "soak: $((($(date +%s) - began) / 60)) minutes at $percent percent"
exit $status
