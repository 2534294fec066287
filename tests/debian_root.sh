#!/bin/bash
# make test-bare: `make run` and `make test` on a bare Debian 12, made with debootstrap in a folder.
#
#   tests/debian_root.sh [FOLDER]
#
# Needs root, debootstrap, and the network for the packages (DEBIAN_MIRROR names the mirror; the apt
# configuration of this machine is taken along, so that what installs here installs there). The
# committed tree is what is tested. The folder is removed at the end unless it was given.
set -eu
cd "$(dirname "$0")/.."
[ "$(id -u)" = 0 ] || { echo "debian_root: this needs root" >&2; exit 2; }
command -v debootstrap >/dev/null || { echo "debian_root: apt-get install debootstrap" >&2; exit 2; }

given=${1:-}
root=${given:-$(mktemp -d "${TMPDIR:-/tmp}/cruddur-bare.XXXXXX")}
server=
clean_up() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    for mount in "$root/dev/shm" "$root/dev" "$root/sys" "$root/proc"; do
        ! mountpoint -q "$mount" || umount -l "$mount"
    done
    [ -n "$given" ] || rm -rf "$root"
}
trap clean_up EXIT

chmod 755 "$root" # its users look into it, too
if [ ! -x "$root/usr/bin/apt-get" ]; then
    debootstrap --variant=minbase --include=git,make,ca-certificates bookworm "$root" \
        ${DEBIAN_MIRROR:+"$DEBIAN_MIRROR"}
fi
cp /etc/resolv.conf "$root/etc/resolv.conf" 2>/dev/null || true
mkdir -p "$root/etc/apt/apt.conf.d" "$root/usr/local/share/ca-certificates"
cp -r /etc/apt/sources.list* /etc/apt/apt.conf.d /etc/apt/auth.conf* "$root/etc/apt/" 2>/dev/null || true
cp /usr/local/share/ca-certificates/*.crt "$root/usr/local/share/ca-certificates/" 2>/dev/null || true
mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount --rbind /dev "$root/dev"
mountpoint -q "$root/dev/shm" || mount -t tmpfs tmpfs "$root/dev/shm"
mount --make-rslave "$root/sys"
mount --make-rslave "$root/dev"
rm -rf "$root/src"
mkdir "$root/src"
git archive HEAD | tar -x -C "$root/src"
inside() { chroot "$root" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
    $(env | grep -E '^(https?_proxy|no_proxy|HTTPS?_PROXY|NO_PROXY)=' || true) "$@"; }
[ -z "$(ls "$root/usr/local/share/ca-certificates")" ] || inside update-ca-certificates >/dev/null

free_port() {
    /usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}
port=$(free_port)
database=$(free_port)
log=$root/run.log
inside make -C /src run ARGS="--port $port --dynamodb-port $database" </dev/null >"$log" 2>&1 &
server=$!
deadline=$((SECONDS + 1200))
until curl -fs "http://127.0.0.1:$port/api/health-check" >/dev/null; do
    if ! kill -0 "$server" 2>/dev/null || [ $SECONDS -gt $deadline ]; then
        tail -n 40 "$log"
        echo "debian_root: make run did not come up" >&2
        exit 1
    fi
    sleep 1
done
echo "make run answers:"
tail -n 5 "$log"
# make waits for the server and passes Ctrl-C on; here it is told by its own signal.
for child in $(pgrep -P "$server" || true) "$server"; do
    for grandchild in $(pgrep -P "$child" || true); do kill "$grandchild" 2>/dev/null || true; done
done
wait "$server" || true
server=

inside make -C /src test </dev/null
