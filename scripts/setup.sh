#!/bin/sh
# Installs the Debian packages that are missing, and only those.
#
#   scripts/setup.sh run     what building and running needs
#   scripts/setup.sh test    the same, and what the tests need
#   scripts/setup.sh dev     the same, and what `make lint`, `make fuzz` and `make format` need
#
# Asks dpkg first: with everything there it touches neither apt nor the network.
set -eu

# The libraries behind the -dev packages are opened on first use by src/base/library.h.
run_packages="gcc libc6-dev meson ninja-build librocksdb-dev libsqlite3-dev libpq-dev
  libcurl4-openssl-dev libssl-dev zlib1g-dev"
test_packages="$run_packages python3 python3-boto3 python3-requests python3-psycopg2
  python3-selenium awscli curl postgresql chromium chromium-driver strace valgrind"
dev_packages="$test_packages clang clang-format clang-tidy llvm libclang-rt-14-dev"

case "${1:-}" in
run) wanted=$run_packages ;;
test) wanted=$test_packages ;;
dev) wanted=$dev_packages ;;
*)
    echo "usage: scripts/setup.sh run|test|dev" >&2
    exit 2
    ;;
esac

if ! command -v dpkg-query >/dev/null; then
    echo "setup: this is no Debian; needed are the equivalents of:" $wanted >&2
    exit 0 # the build itself says what it does not find
fi

is_installed() {
    case "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" in
    installed*) return 0 ;;
    *) return 1 ;;
    esac
}

missing=
for package in $wanted; do
    is_installed "$package" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

install_line="apt-get update && apt-get install -y --no-install-recommends$missing"
as_root=
if [ "$(id -u)" != 0 ]; then
    # Without a terminal sudo must not wait for a password.
    if command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
        as_root="sudo"
    else
        echo "setup: packages are missing and this is not root. Run this as root, then again:" >&2
        echo "  $install_line" >&2
        exit 1
    fi
fi
echo "setup: installing$missing"
$as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing \
    </dev/null
