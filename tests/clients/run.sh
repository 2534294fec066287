#!/bin/sh
# make test-clients: the clients from npm against build/cruddur. Needs node 18 or newer and npm, and the
# network until the packages lie in tests/clients/node_modules.
set -eu
cd "$(dirname "$0")"
[ -d node_modules ] || npm ci --no-audit --no-fund --ignore-scripts
exec /usr/bin/python3 run.py ../../build/cruddur
