#!/bin/sh
# The proofs of tests/proof in their long forms: hours on a quiet machine. Each number can be set;
# a failure prints its seed.
#
#   scripts/soak.sh FOLDER [ARGUMENTS OF meson test]
set -eu
cd "$(dirname "$0")/.."
folder=$1
shift
export CRASH_ROUNDS="${CRASH_ROUNDS:-1000}" CRASH_SERVE_ROUNDS="${CRASH_SERVE_ROUNDS:-200}"
export POWERCUT_ROUNDS="${POWERCUT_ROUNDS:-1000}" FAULT_ROUNDS="${FAULT_ROUNDS:-100}"
export LINEAR_ROUNDS="${LINEAR_ROUNDS:-1000}" MODEL_SECONDS="${MODEL_SECONDS:-900}"
export OVERLOAD_IDLE="${OVERLOAD_IDLE:-10000}" OVERLOAD_BUSY="${OVERLOAD_BUSY:-1000}"
export OVERLOAD_SECONDS="${OVERLOAD_SECONDS:-30}"
exec scripts/test.sh "$folder" --suite proof --timeout-multiplier 0 "$@"
