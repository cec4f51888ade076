#!/usr/bin/env bash
# usage: scripts/test.sh [KIND | NAME]
#
# Without an argument: installs what is missing, builds, runs all tests: units, MPI ranks, end to end, Slurm, sanitizers, other
# presets, style. Prints minutes per phase; ctest's label summary gives the minutes of each kind of test, its summary is the
# last line. With a kind (unit, ranks, e2e, build, style, slurm) or with a test's name or a regular expression of names:
# builds what these tests need and runs them alone.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ $# -gt 1 ] || [[ "${1:-}" == -* ]]; then
  sed -n '2s/^# //p' "$0" >&2
  exit 2
fi

minutes() { printf '%d min %02d s' $(($1 / 60)) $(($1 % 60)); }
phase() {
  local name=$1 began=$SECONDS
  shift
  echo "== $name"
  "$@"
  echo "== $name took $(minutes $((SECONDS - began)))"
}

export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
selection=()
if [ $# = 0 ]; then
  phase setup scripts/setup.sh
  phase build scripts/build.sh ci
else
  # A tree that has tests is taken as it is, whatever its preset.
  grep -qs '^HELIP_BUILD_TESTS:BOOL=ON' build/CMakeCache.txt || scripts/build.sh ci --configure-only
  ninja -C build build.ninja >/dev/null  # so that CTest knows the tests of today's CMakeLists
  if ctest --test-dir build --print-labels | grep -q -x "  $1"; then selection=(-L "^$1\$"); else selection=(-R "$1"); fi
  mapfile -t names < <(ctest --test-dir build -N "${selection[@]}" | sed -n 's/^ *Test *#[0-9]*: //p')
  if [ "${#names[@]}" = 0 ]; then
    echo "test.sh: no test is called or labelled $1; ctest --test-dir build -N lists all" >&2
    exit 2
  fi
  mapfile -t targets < <(printf '%s\n' "${names[@]}" |
    awk 'NR == FNR { wanted[$1] = 1; next } $1 in wanted { for (i = 2; i <= NF; ++i) print $i }' - build/test_targets.txt | sort -u)
  if [ "${#targets[@]}" -gt 0 ]; then phase build ninja -C build "${targets[@]}"; fi
fi

echo "== tests"
log="$(mktemp)"
results="$(mktemp)"
trap 'rm -f "$log" "$results"' EXIT
began=$SECONDS
set +e
ctest --test-dir build --output-on-failure -j2 --output-junit "$results" --test-output-size-passed 100000000 "${selection[@]}" | tee "$log" | grep --line-buffered -v -E '^ +Start +[0-9]+:'
code=${PIPESTATUS[0]}
scripts/skipped_tests.py "$results" || code=1
set -e
awk '/sec\*proc/ { printf "== tests labelled %-6s %5.1f min of processor time\n", $1, $3 / 60 }' "$log"
echo "== tests took $(minutes $((SECONDS - began))), all phases $(minutes "$SECONDS")"
grep 'tests passed,' "$log"
exit "$code"
