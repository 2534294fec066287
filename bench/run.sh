#!/bin/sh
# Measures this build in memory and on disk, beside any endpoints given as NAME=HOST:PORT.
#
#   bench/run.sh [OPTIONS OF cruddur-bench] [NAME=HOST:PORT…]
set -eu
cd "$(dirname "$0")/.."
ninja -C build cruddur bench/cruddur-bench >/dev/null
folder=$(mktemp -d "${TMPDIR:-/tmp}/cruddur-bench.XXXXXX")
memory= disk=
stop() {
    for pid in $memory $disk; do kill "$pid" 2>/dev/null || true; done
    wait
    rm -rf "$folder"
}
trap stop EXIT INT TERM

free_port() {
    /usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}
memory_port=$(free_port) disk_port=$(free_port)
build/cruddur dynamodb --in-memory --port "$memory_port" >"$folder/memory.log" 2>&1 &
memory=$!
build/cruddur dynamodb --data "$folder/data" --port "$disk_port" >"$folder/disk.log" 2>&1 &
disk=$!
for port in "$memory_port" "$disk_port"; do
    tries=0
    until /usr/bin/python3 -c "import socket; socket.create_connection(('127.0.0.1', $port))" 2>/dev/null; do
        tries=$((tries + 1))
        [ "$tries" -lt 100 ] || { cat "$folder"/*.log >&2; exit 1; }
        sleep 0.05
    done
done
build/bench/cruddur-bench "$@" memory=127.0.0.1:"$memory_port" disk=127.0.0.1:"$disk_port"
