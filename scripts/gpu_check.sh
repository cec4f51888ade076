#!/usr/bin/env bash
# Checks the engine on a GPU box that has nothing but a Python with torch and NumPy, nvcc, CMake and make or ninja (run
# scripts/pack_engine.sh beforehand, where Debian's headers are): builds it, runs its tests, mines on the GPU against the CPU
# and against bare matrix products, trains on both, and prints two tables, which also go to $OUT/gpu_check.txt (without OUT:
# into the build folder). Ends with an error if a test fails or is skipped for want of a GPU, or if the losses differ.
#
# usage: scripts/gpu_check.sh [--compile-only]
# --compile-only: compiles the engine, its benchmarks and the tests of the GPU, and no more.
# HELIP_CUDA_ARCHITECTURES (native): as CMAKE_CUDA_ARCHITECTURES. HELIP_CHECK_PAIRS (200000): pairs that are mined.
# HELIP_CHECK_BUILD (build-gpu-check): build folder.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${HELIP_CHECK_BUILD:-build-gpu-check}
pairs=${HELIP_CHECK_PAIRS:-200000}
k=50

generator=("Unix Makefiles")
if command -v ninja >/dev/null; then generator=(Ninja); fi
cmake -S . -B "$build" -G "${generator[@]}" -DCMAKE_BUILD_TYPE=Release -DHELIP_ENGINE_ONLY=ON -DHELIP_WITH_CUDA=ON \
  -DCMAKE_CUDA_ARCHITECTURES="${HELIP_CUDA_ARCHITECTURES:-native}"
if [ "${1:-}" = --compile-only ]; then
  # The other tests do not see CUDA; that they compile is known from the CPU's build.
  cmake --build "$build" --parallel "$(nproc)" --target helip_time_miner helip_time_tile helip_time_step test_cuda_mining
  exit 0
fi
cmake --build "$build" --parallel "$(nproc)"

ctest --test-dir "$build" --output-on-failure -j "$(nproc)" | tee "$build/ctest.txt"
if grep -q 'cuda_mining.*Skipped' "$build/ctest.txt"; then
  echo "gpu_check: the tests found no GPU" >&2
  exit 1
fi

embeddings="$build/embeddings-$pairs"
if [ ! -d "$embeddings" ]; then
  rm -rf "$embeddings.partial"
  python3 bench/mining/make_pairs.py "$embeddings.partial" --pairs "$pairs"
  mv "$embeddings.partial" "$embeddings"
fi
report="${OUT:-$build}/gpu_check.txt"
python3 bench/mining/gpu_table.py "$build" "$embeddings" --k "$k" --threads "$(nproc)" | tee "$report"
python3 bench/train/gpu_table.py "$build" "$build/training" --threads "$(nproc)" | tee -a "$report"
