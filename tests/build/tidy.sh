#!/usr/bin/env bash
# clang-format over everything; clang-tidy over the lowest layers, or over the whole control world with `all`, which takes
# about half an hour on two cores (gRPC's headers). usage: tidy.sh SOURCE BUILD_FOLDER [all]
set -euo pipefail
cd "$1"
find src tests -name '*.h' -o -name '*.cpp' -o -name '*.cu' | grep -v html_entities | xargs clang-format --dry-run --Werror
# Another compiler's precompiled headers are no use to clang-tidy.
commands="$(mktemp -d)"
trap 'rm -rf "$commands"' EXIT
sed -E 's/ -(fpch-preprocess|Winvalid-pch|include [^ ]*cmake_pch\.hxx)//g' "$2/compile_commands.json" >"$commands/compile_commands.json"
folders=(common config store weights)
if [ "${3:-}" = all ]; then folders+=(data mining report rpc coordinator worker cli); fi
for folder in "${folders[@]}"; do find "src/$folder" -name '*.cpp' | sort; done |
  grep -v -E 'log_stderr|digest_portable|html_entities|mining/encode/encode_(features|job)' | xargs -P2 -n4 clang-tidy -p "$commands" --quiet --extra-arg=-Wno-unknown-warning-option
