#!/usr/bin/env bash
# The whole job on the sample corpus: installs what is missing, builds, makes corpus and towers, trains a base checkpoint, and
# tunes it twice with equal pairs: plainly, and with hard pairs mined from the corpus. Prints the held-out figures of the
# three and where the pages are. Everything lies under work/openclipart; a second run finds nothing to do.
set -euo pipefail
cd "$(dirname "$0")/.."
work=work/openclipart
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
job() { build/bin/helip run --config "configs/openclipart_$1.yaml" --work-dir "$work/$1"; }

phase setup scripts/setup.sh demo
phase build scripts/build.sh programs
phase corpus "$python" examples/openclipart/make_corpus.py "$work/data"
phase towers "$python" examples/openclipart/make_towers.py "$work/data"
phase "job: base" job base
phase "job: continued" job continued
phase "job: helip" job helip
echo "== results"
build/bin/helip report "$work/helip" --compare "$work/base" "$work/continued"
echo "report: $PWD/$work/helip/report/index.html"
echo
printf '%s\n' "${times[@]}"
