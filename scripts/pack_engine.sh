#!/usr/bin/env bash
# Copies the header-only libraries that a bare GPU box lacks, Catch2 and nlohmann/json of Debian, into .engine/include.
# git ignores that folder; it travels with the source, and CMake looks there first. usage: scripts/pack_engine.sh
set -euo pipefail
cd "$(dirname "$0")/.."
for folder in catch2 nlohmann; do
  if [ ! -d "/usr/include/$folder" ]; then
    echo "pack_engine: no /usr/include/$folder; install the Debian packages catch2 and nlohmann-json3-dev" >&2
    exit 1
  fi
done
rm -rf .engine
mkdir -p .engine/include
cp -r /usr/include/catch2 /usr/include/nlohmann .engine/include/
du -sh .engine | sed 's/^/pack_engine: /'
