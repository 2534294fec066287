#!/bin/sh
# make test-clients: the clients from npm against build/cruddur, or another. Needs node 18 or newer and
# npm, and the network until the packages lie in tests/clients/node_modules, which git does not see.
#
#   tests/clients/run.sh [PATH_OF_CRUDDUR]
set -eu
cruddur=$(realpath "${1:-$(dirname "$0")/../../build/cruddur}")
cd "$(dirname "$0")"
for tool in node npm; do
    command -v $tool >/dev/null || { echo "$0: $tool is missing (Debian's nodejs and npm)" >&2; exit 1; }
done
# Anew when the locked versions have changed since.
if ! cmp -s package-lock.json node_modules/.installed; then
    npm ci --no-audit --no-fund --ignore-scripts
    cp package-lock.json node_modules/.installed
fi
failed=0
/usr/bin/python3 run.py "$cruddur" || failed=1
/usr/bin/python3 admin_test.py "$cruddur" || failed=1
exit $failed
