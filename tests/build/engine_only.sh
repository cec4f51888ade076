#!/usr/bin/env bash
# A bare GPU box has LibTorch, a compiler, nlohmann/json and Catch2, and nothing else of ours: HELIP_ENGINE_ONLY=ON must
# configure, build and pass its tests there. Every other package is hidden from CMake, nvcc from PATH, and afterwards the
# compiler's own dependency lists prove that no hidden header was included. usage: engine_only.sh SOURCE BUILD_FOLDER
set -euo pipefail
source_folder=$1
build=$2

hidden=(OpenSSL Protobuf gRPC PkgConfig yaml-cpp spdlog SQLite3 ICU CLI11 ZLIB MPI CUDAToolkit)
disabled=()
for package in "${hidden[@]}"; do disabled+=("-DCMAKE_DISABLE_FIND_PACKAGE_$package=ON"); done
path=$(printf '%s' "$PATH" | tr ':' '\n' | while read -r folder; do [ -x "$folder/nvcc" ] || printf '%s:' "$folder"; done)

env -u CUDA_HOME -u CUDA_PATH PATH="$path" cmake -S "$source_folder" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release \
  -DHELIP_ENGINE_ONLY=ON "${disabled[@]}" >"$build.log" 2>&1 || { cat "$build.log"; exit 1; }
rm -f "$build.log"
ninja -C "$build"

banned='/(openssl|grpcpp|grpc|yaml-cpp|spdlog|unicode|CLI|openmpi|webp)/|/usr/include/(google/protobuf|sqlite3\.h|archive\.h|turbojpeg\.h|png\.h|pcre2\.h|zlib\.h)|/mpi\.h$|/cuda_runtime\.h$'
offences=$(ninja -C "$build" -t deps | grep -E "^    " | sort -u | grep -E "$banned" | grep -v '/torch/include/' || true)
if [ -n "$offences" ]; then
  echo "an engine-only build includes headers that a bare machine lacks:"
  echo "$offences"
  exit 1
fi
ctest --test-dir "$build" --output-on-failure -j2
