#!/usr/bin/env bash
# The gpu preset compiles and links with nvcc and NCCL, and so does the engine alone with the headers that a bare GPU box gets.
# usage: gpu.sh SOURCE BUILD_FOLDER. Exit 77: no nvcc (a counted skip).
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
# Without a driver the program starts, and mining says what is missing.
"$2/bin/helip" --version

[ -d .engine ] || trap 'rm -rf .engine' EXIT
scripts/pack_engine.sh
HELIP_CUDA_ARCHITECTURES=90 HELIP_CHECK_BUILD="$2-engine" scripts/gpu_check.sh --compile-only
grep -q "^HELIP_JSON_INCLUDE:PATH=$PWD/.engine/include" "$2-engine/CMakeCache.txt"
grep -q "^HELIP_CATCH_INCLUDE:PATH=$PWD/.engine/include" "$2-engine/CMakeCache.txt"
# With a GPU they run; without one they are skipped, by their own word.
ctest --test-dir "$2-engine" --output-on-failure -L gpu --no-tests=error
