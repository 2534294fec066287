#!/bin/sh
# Configures a build folder when it is new, and builds it.
#
#   scripts/build.sh FOLDER [MESON OPTIONS]
set -eu
cd "$(dirname "$0")/.."
folder=$1
shift
[ -f "$folder/build.ninja" ] || meson setup "$folder" "$@"
exec ninja -C "$folder"
