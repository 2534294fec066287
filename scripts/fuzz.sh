#!/bin/sh
# Builds the fuzz targets with clang and runs each for $FUZZ_SECONDS (60). Seeds lie in
# fuzz/corpus/NAME; what is found new stays in build-fuzz/corpus/NAME.
#
#   scripts/fuzz.sh [NAME...]
set -eu
cd "$(dirname "$0")/.."
seconds=${FUZZ_SECONDS:-60}
[ -f build-fuzz/build.ninja ] ||
    CC=clang meson setup build-fuzz -Dfuzz=true -Db_sanitize=address,undefined -Db_lundef=false
ninja -C build-fuzz
failed=0
for target in $(find build-fuzz -type f -name '*_fuzz' -perm -u+x | sort); do
    name=$(basename "$target" _fuzz)
    [ $# -eq 0 ] || case " $* " in *" $name "*) ;; *) continue ;; esac
    mkdir -p "build-fuzz/corpus/$name"
    seeds=
    [ ! -d "fuzz/corpus/$name" ] || seeds="fuzz/corpus/$name"
    echo "== $name, $seconds s"
    "$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="build-fuzz/$name-" "build-fuzz/corpus/$name" $seeds \
        >"build-fuzz/$name.log" 2>&1 || {
        failed=1
        tail -n 40 "build-fuzz/$name.log"
    }
    grep -E 'stat::(number_of_executed_units|peak_rss_mb)' "build-fuzz/$name.log" || true
done
exit $failed
