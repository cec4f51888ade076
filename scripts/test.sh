#!/usr/bin/env bash
# Installs what is missing, builds, runs all tests: units, MPI ranks, end to end, Slurm, sanitizers, other presets, style.
# Prints minutes per phase; ctest's label summary gives the minutes of each kind of test, its summary is the last line.
set -euo pipefail
cd "$(dirname "$0")/.."

minutes() { printf '%d min %02d s' $(($1 / 60)) $(($1 % 60)); }
phase() {
  local name=$1 began=$SECONDS
  shift
  echo "== $name"
  "$@"
  echo "== $name took $(minutes $((SECONDS - began)))"
}

export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
phase setup scripts/setup.sh
phase build scripts/build.sh ci

echo "== tests"
log="$(mktemp)"
trap 'rm -f "$log"' EXIT
began=$SECONDS
set +e
ctest --test-dir build --output-on-failure -j2 | tee "$log" | grep --line-buffered -v -E '^ +Start +[0-9]+:'
code=${PIPESTATUS[0]}
set -e
# Skipped tests say why; the summary counts them.
grep -h -E '^SKIP: ' "$log" build/Testing/Temporary/LastTest.log 2>/dev/null | sort -u || true
awk '/sec\*proc/ { printf "== tests labelled %-6s %5.1f min of processor time\n", $1, $3 / 60 }' "$log"
echo "== tests took $(minutes $((SECONDS - began))), all phases $(minutes "$SECONDS")"
grep 'tests passed,' "$log"
exit "$code"
