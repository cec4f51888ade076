#!/usr/bin/env bash
# Installs what is missing, builds, runs all tests: units, MPI ranks, end to end, Slurm, sanitizers, other presets, style.
# Prints minutes per phase; ctest's label summary gives the minutes of each kind of test, its summary is the last line.
set -euo pipefail
cd "$(dirname "$0")/.."

phase() {
  local began=$SECONDS
  echo "== $1"
  shift
  "$@"
  echo "== took $(((SECONDS - began) / 60)) min $(((SECONDS - began) % 60)) s"
}

export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
phase setup scripts/setup.sh
phase build scripts/build.sh ci
echo "== tests"
exec ctest --test-dir build --output-on-failure -j2
