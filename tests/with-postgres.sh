#!/bin/sh
# with-postgres.sh COMMAND...
# Runs COMMAND with POSTGRES_URL set to a database of a throw-away PostgreSQL cluster on a free
# loopback port, and ends as COMMAND did. 77 (skipped) where PostgreSQL's server is not installed.
set -u
[ $# -gt 0 ] || { echo "usage: with-postgres.sh COMMAND..." >&2; exit 2; }
bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
[ -n "$bin" ] && [ -x "$bin/initdb" ] || { echo "no PostgreSQL server here (Debian: postgresql)"; exit 77; }

dir=$(mktemp -d) || exit 2
# The server refuses to run as root, so root becomes its usual user.
if [ "$(id -u)" = 0 ]; then
    chown postgres "$dir" || exit 2
    as() { (cd / && runuser -u postgres -- "$@"); }
else
    as() { "$@"; }
fi
stop() {
    as "$bin/pg_ctl" -D "$dir/data" -m immediate -w stop >/dev/null 2>&1
    rm -rf "$dir"
}
trap stop EXIT
trap 'exit 130' INT TERM

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
log=$(as "$bin/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 -N 2>&1) &&
    log=$(as "$bin/pg_ctl" -D "$dir/data" -w -l "$dir/log" -o "-p $port -k $dir -c listen_addresses=127.0.0.1 -c fsync=off" start 2>&1) &&
    log=$(as "$bin/createdb" -h 127.0.0.1 -p "$port" -U postgres cruddur 2>&1) ||
    { echo "$log"; exit 2; }
POSTGRES_URL="postgresql://postgres@127.0.0.1:$port/cruddur"
export POSTGRES_URL
"$@"
