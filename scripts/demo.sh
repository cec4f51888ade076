#!/usr/bin/env bash
# The whole job on the characters: installs what is missing, builds, draws the corpus, trains a base checkpoint from pixels, and
# tunes it in three ways with equally many pairs and three seeds each: plainly, plainly with a batch four times as large, and with
# hard pairs mined from the corpus. Prints held-out figures with 95 % intervals and where the pages are. Everything lies under
# work/characters; a second run finds nothing to do.
# usage: scripts/demo.sh [SEED]
# SEED (default 1) draws the split of the characters and the initial weights.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ $# -gt 1 ] || ! [[ "${1:-1}" =~ ^[1-9][0-9]{0,8}$ ]]; then
  sed -n 's/^# usage: //p' "$0" >&2
  exit 2
fi
export HELIP_DEMO_SEED="${1:-1}"  # configs/experiments/demo.yaml names it
data=work/characters/data
work="work/characters/demo-$HELIP_DEMO_SEED"
python="${HELIP_CACHE:-$HOME/.cache/helip}/venv/bin/python"
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

times=()
phase() {
  local name="$1" began=$SECONDS took
  shift
  echo "== $name"
  "$@"
  took=$((SECONDS - began))
  times+=("$(printf '%-22s %3d min %02d s' "$name" $((took / 60)) $((took % 60)))")
}
train_base() {
  local split="$data/split-$HELIP_DEMO_SEED" sets="" font
  for font in ukai unifont ipamj; do sets+="{name: $font, path: $split/eval/retrieval_$font, tasks: [retrieval]}, "; done
  build/bin/helip run --config configs/characters_base.yaml --work-dir "$work/base" --until eval \
    --set "corpus.path=$split/corpus" --set "model.architecture=$data/towers-$HELIP_DEMO_SEED" --set train.pairs=240000 \
    --set "train.seed=$HELIP_DEMO_SEED" --set "model.init_seed=$HELIP_DEMO_SEED" --set "eval.datasets=[$sets]"
}
compare() {
  build/bin/helip experiment --config configs/experiments/demo.yaml --work-dir "$work/arms" | tee "$work/results.txt"
}

phase setup scripts/setup.sh demo
phase build scripts/build.sh programs
phase corpus "$python" examples/characters/make_corpus.py "$data" --split "$HELIP_DEMO_SEED"
phase towers "$python" examples/characters/make_towers.py "$data" --seed "$HELIP_DEMO_SEED"
phase "job: base" train_base
phase "jobs: three arms" compare
echo "hard pairs: $PWD/$work/arms/arms/helip/seed-1/report/index.html"
echo
printf '%s\n' "${times[@]}"
