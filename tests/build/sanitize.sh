#!/usr/bin/env bash
# Builds unit tests of the control world under a sanitizer and runs them: all that reads bytes from outside, holds threads,
# sockets and the ledger, and the miners. `ninja -C build-asan && ctest --test-dir build-asan` runs report and cli too; that
# takes longer than the suite may. usage: sanitize.sh SOURCE BUILD_FOLDER PRESET
set -euo pipefail
tests=(common store config data_corpus data_import data_images data_text mining damaged_corpus
  eval_files jobs rpc coordinator_state coordinator_job coordinator_services worker)
cd "$1"
cmake --preset "$3" -B "$2"
ninja -C "$2" "${tests[@]/#/test_}"
pattern=$(IFS='|'; echo "^(${tests[*]})\$")
ctest --test-dir "$2" --output-on-failure -j2 -R "$pattern" --no-tests=error
