#!/usr/bin/env bash
# A small real job for the end-to-end tests: 240 openclipart drawings with their file names as captions, a small ViT CLIP from
# pixels, mining, a few dozen steps, evaluation of retrieval. usage: make_small_job.sh BUILD_FOLDER OUT → OUT/job.yaml
set -euo pipefail
build=$1
out=$2
pictures=/usr/share/openclipart/png
if [ ! -d "$pictures" ]; then
  echo "make_small_job: no $pictures; install the package openclipart-png (scripts/setup.sh does)" >&2
  exit 1
fi
mkdir -p "$out"

# Every 33rd drawing in byte order, so that all folders are met; big files are left out to keep this quick.
(cd "$pictures" && find . -name '*.png' -size -60k | LC_ALL=C sort | awk 'NR % 33 == 0 && ++taken <= 300') >"$out/pictures.txt"
awk -v root="$pictures" 'BEGIN { OFS = "\t"; print "filepath", "title" }
  { caption = $0; sub(/^\.\//, "", caption); sub(/\.png$/, "", caption); gsub(/[\/_0-9-]+/, " ", caption);
    print root substr($0, 2), caption }' "$out/pictures.txt" >"$out/all.tsv"
sed -n '1,201p' "$out/all.tsv" >"$out/train.tsv"

"$build/bin/helip" data import "$out/train.tsv" --out "$out/corpus" --max-side 64 --background white --threads 2

# The held-out drawings in clip_benchmark layout, as they are.
test_folder="$out/heldout/test"
mkdir -p "$test_folder" "$out/members"
sed -n '202,$p' "$out/all.tsv" | while IFS=$'\t' read -r picture caption; do
  number=$(printf '%04d' "$((10#${number:-0} + 1))")
  cp "$picture" "$out/members/$number.png"
  printf '%s\n' "$caption" >"$out/members/$number.txt"
done
tar --sort=name --mtime=@0 --owner=0 --group=0 --format=ustar -C "$out/members" -cf "$test_folder/0.tar" .
echo 1 >"$test_folder/nshards.txt"

cat >"$out/job.yaml" <<YAML
corpus: { path: corpus }
model: { architecture: helip-test-tiny, init: random }
encoder: { batch_size: 16, task_samples: 32 }
mining: { hard_pairs_per_target: 8, task_targets: 24, task_seconds: 0 }
train: { seeds_per_batch: 4, hard_pairs_per_seed: 3, steps: 40, lr: 5.0e-4, warmup: 4, checkpoint_steps: 8, log_steps: 1 }
eval:
  datasets: [{ name: heldout, path: heldout, tasks: [retrieval] }]
coordinator: { heartbeat_seconds: 0.3, lease_seconds: 3 }
launcher: { workers: 2, threads_per_worker: 1, device: cpu }
YAML
