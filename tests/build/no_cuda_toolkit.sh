#!/usr/bin/env bash
# A newcomer's machine has no CUDA toolkit: the cpu preset must configure with nvcc out of PATH and CUDA_HOME unset.
# usage: no_cuda_toolkit.sh SOURCE BUILD_FOLDER
set -euo pipefail
path=$(printf '%s' "$PATH" | tr ':' '\n' | while read -r folder; do [ -x "$folder/nvcc" ] || printf '%s:' "$folder"; done)
rm -rf "$2"
cd "$1"
env -u CUDA_HOME -u CUDA_PATH PATH="$path" cmake --preset cpu -B "$2" -DCMAKE_DISABLE_FIND_PACKAGE_CUDAToolkit=ON
