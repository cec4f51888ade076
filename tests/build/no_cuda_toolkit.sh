#!/usr/bin/env bash
# A newcomer's machine has no CUDA toolkit: the cpu preset must configure and build its programs with
# nvcc out of PATH and CUDA_HOME unset. (The compiler cache knows most of it from the main build.)
# usage: no_cuda_toolkit.sh SOURCE BUILD_FOLDER
set -euo pipefail
path=$(printf '%s' "$PATH" | tr ':' '\n' | while read -r folder; do [ -x "$folder/nvcc" ] || printf '%s:' "$folder"; done)
rm -rf "$2"
cd "$1"
env -u CUDA_HOME -u CUDA_PATH PATH="$path" cmake --preset cpu -B "$2" -DCMAKE_DISABLE_FIND_PACKAGE_CUDAToolkit=ON
env -u CUDA_HOME -u CUDA_PATH PATH="$path" ninja -C "$2" helip helip_coordinator helip_worker
"$2/bin/helip" --version
