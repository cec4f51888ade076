#!/usr/bin/env bash
# Builds tests of the control world under a sanitizer and runs them: the parts that hold threads, sockets, the ledger, file
# formats and the miners. (The preset builds everything; that takes longer than the suite may.)
# usage: sanitize.sh SOURCE BUILD_FOLDER PRESET
set -euo pipefail
tests=(common store config mining rpc coordinator_state coordinator_job coordinator_services worker)
cd "$1"
cmake --preset "$3" -B "$2"
ninja -C "$2" "${tests[@]/#/test_}"
pattern=$(IFS='|'; echo "^(${tests[*]})\$")
ctest --test-dir "$2" --output-on-failure -j2 -R "$pattern" --no-tests=error
