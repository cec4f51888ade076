#!/usr/bin/env bash
# Builds a preset (default cpu); programs are in build/bin whatever the preset; sanitized ones (asan, tsan) in
# build-asan, build-tsan. usage: scripts/build.sh [preset [--configure-only]]
set -euo pipefail
cd "$(dirname "$0")/.."
preset="${1:-cpu}"

case "$preset" in asan | tsan) folder="build-$preset" ;; *) folder=build ;; esac
# Another preset in the same folder would keep the old one's cached variables.
if [ "$folder" = build ] && [ "$(cat build/.preset 2>/dev/null)" != "$preset" ]; then
  rm -f build/CMakeCache.txt
fi
cmake --preset "$preset" >build.log 2>&1 || { cat build.log >&2; rm -f build.log; exit 1; }
rm -f build.log
if [ "$folder" = build ]; then echo "$preset" >build/.preset; fi
if [ "${2:-}" != --configure-only ]; then ninja -C "$folder"; fi
