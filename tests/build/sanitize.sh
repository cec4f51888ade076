#!/usr/bin/env bash
# Builds the unit tests of the control world under a sanitizer and runs them; their programs are not needed.
# usage: sanitize.sh SOURCE BUILD_FOLDER PRESET
set -euo pipefail
tests=(common store config data_batches data_quarantine data_corpus data_preprocess data_images data_text data_features mining
  report rpc coordinator_state coordinator_job coordinator_services worker cli cli_model cli_inputs)
cd "$1"
cmake --preset "$3" -B "$2"
ninja -C "$2" "${tests[@]/#/test_}"
pattern=$(IFS='|'; echo "^(${tests[*]})\$")
ctest --test-dir "$2" --output-on-failure -j2 -R "$pattern" --no-tests=error
