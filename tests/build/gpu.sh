#!/usr/bin/env bash
# The gpu preset compiles and links with nvcc and NCCL. usage: gpu.sh SOURCE BUILD_FOLDER. Exit 77: no nvcc (a counted skip).
set -euo pipefail
if ! command -v nvcc >/dev/null; then
  echo "SKIP: no nvcc on PATH, so the gpu preset is not built here"
  exit 77
fi
cd "$1"
cmake --preset gpu -B "$2" -DHELIP_BUILD_TESTS=OFF
ninja -C "$2"
# The library must carry the CUDA operators and NCCL, not only compile.
readelf -d "$2/lib/libhelip_engine.so" | grep -q 'libtorch_cuda.so'
readelf -d "$2/lib/libhelip_engine.so" | grep -q 'libnccl.so'
