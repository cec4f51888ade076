#!/usr/bin/env bash
# Builds the control world's tests under a sanitizer and runs them. usage: sanitize.sh SOURCE BUILD_FOLDER PRESET
set -euo pipefail
cd "$1"
cmake --preset "$3" -B "$2"
ninja -C "$2"
ctest --test-dir "$2" --output-on-failure -j2 -LE 'build|style|e2e'
