#!/bin/sh
# Everything that a reader should not have to look for: format, both compilers, clang-tidy, and the
# rules of CONTRIBUTING.md that a machine can check.
set -u
cd "$(dirname "$0")/.."
failed=0
fail() {
    echo "lint: $*"
    failed=1
}
sources=$(git ls-files '*.c' '*.h')

clang-format --dry-run -Werror $sources || fail "run \`make format\`"

# Functions without a bound on what they write, or with hidden state.
if grep -nE '(^|[^A-Za-z0-9_])(strcpy|strcat|sprintf|vsprintf|gets|strtok|alloca|atoi|atol|tmpnam)\(' \
    $(echo "$sources" | grep -v '_test\.c$'); then
    fail "these functions are not used here: take str, buf, arena_printf, str_to_u64"
fi
long=$(wc -l $sources | awk '$2 != "total" && $1 > 900')
[ -z "$long" ] || fail "over 900 lines, split by purpose: $long"
for header in $(git ls-files 'src/*.h'); do
    [ "$(head -c 2 "$header")" = "/*" ] || fail "$header does not open with what it is"
done
# A file includes only its own folder and what lies below (src/README.md).
order="base json http aws dynamodb/model dynamodb/expr dynamodb/partiql dynamodb/storage dynamodb/api
  dynamodb/trigger dynamodb/wire client messaging cli"
git grep '^#include ".*/' -- 'src/*.c' 'src/*.h' |
    sed -nE 's|^src/(.*)/[^/]*:#include "(.*)/[^/]*"|\1 \2|p' | sort -u |
    awk -v order="$(echo $order)" '
        BEGIN { n = split(order, folders, " "); for (i = 1; i <= n; i++) floor[folders[i]] = i }
        floor[$1] && floor[$2] > floor[$1] { print "lint: " $1 " includes " $2 ", which lies above it"; bad = 1 }
        END { exit bad }' || fail "upward includes"
if git grep -l '^#include "dynamodb/' -- src/messaging | grep -v -e _test.c -e _fixture.c; then
    fail "messaging knows the database through client.h only"
fi
for script in $(git ls-files 'scripts/*.sh' 'tests/*.sh' 'bench/*.sh' bin .ci/run); do
    case "$(head -n 1 "$script")" in
    *bash*) bash -n "$script" || fail "$script" ;;
    *) sh -n "$script" || fail "$script" ;;
    esac
done

[ -f build-clang/build.ninja ] || CC=clang meson setup build-clang
ninja -C build-clang || fail "clang does not build it"
run-clang-tidy -quiet -p build-clang "$(pwd)/(src|tests|bench|fuzz)/.*\.c$" 2>&1 |
    sed 's/\x1b\[[0-9;]*m//g' >build-clang/tidy.log
if grep -E '(warning|error):' build-clang/tidy.log; then
    fail "clang-tidy: see build-clang/tidy.log"
fi

[ $failed = 0 ] && echo "lint: clean"
exit $failed
