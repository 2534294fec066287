#!/bin/sh
# Runs all tests of a build folder; the last line is "N passed, N failed".
#
#   scripts/test.sh FOLDER [ARGUMENTS OF meson test]
set -u
cd "$(dirname "$0")/.."
folder=$1
shift
rm -f "$folder/meson-logs/testlog.json"
meson test -C "$folder" --no-rebuild --print-errorlogs "$@" </dev/null
/usr/bin/python3 scripts/count_tests.py "$folder/meson-logs/testlog.json"
