#!/usr/bin/env bash
# Submits deploy/slurm/helip.sbatch to a real Slurm with two nodes and checks that the job's table of hard pairs equals that
# of the same job without Slurm. usage: run.sh BUILD_FOLDER. Exit 77: Slurm's daemons cannot run here (a counted skip).
set -euo pipefail
source "$(dirname "$0")/slurm_box.sh"
root="$(cd "$(dirname "$0")/../.." && pwd)"
build="$(cd "$1" && pwd)"

if [ "$(id -u)" != 0 ] || ! command -v slurmd slurmctld munged >/dev/null; then
  echo "SKIP: Slurm's daemons need root and the packages slurm-wlm and munge"
  exit 77
fi
folder="$(mktemp -d)"
trap 'slurm_box_stop; rm -rf "$folder"' EXIT
if ! slurm_box_start "$folder/slurm"; then
  echo "SKIP: Slurm's daemons did not start here: $(cat "$folder"/slurm/*.log 2>/dev/null | grep -i error | tail -n 1)"
  exit 77
fi

"$root/tests/e2e/make_small_job.sh" "$build" "$folder/job"
export HELIP="$build/bin/helip" HELIP_LISTEN=127.0.0.1:0
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
# Two nodes on one host: Open MPI must not take shared memory for granted.
export OMPI_MCA_btl=self,tcp
cd "$folder"
if ! sbatch --wait --nodes=2 --ntasks-per-node=1 --output="$folder/job.log" "$root/deploy/slurm/helip.sbatch" \
  "$folder/job/job.yaml" --work-dir "$folder/slurm_work" --set 'launcher.mpirun_args=[--display-map]'; then
  cat "$folder/job.log"
  exit 1
fi
tail -n 3 "$folder/job.log"
for node in n1 n2; do
  grep -q "Data for node: $node.*Num procs: 1" "$folder"/slurm_work/logs/*.log ||
    { echo "no worker ran on node $node"; cat "$folder"/slurm_work/logs/*.log; exit 1; }
done

# A shell of that job is no place to start another: the job is over, as a job that never was.
for job in 1 4711; do
  code=0
  said=$(SLURM_JOBID=$job SLURM_NODELIST='n[1-2]' SLURM_TASKS_PER_NODE='1(x2)' "$build/bin/helip" run \
    --config "$folder/job/job.yaml" --work-dir "$folder/stale_work" --dry-run 2>&1 >/dev/null) || code=$?
  case "$code $said" in
    "2 error: SLURM_JOBID $job"*"this shell is of a Slurm job that "*) ;;
    *) echo "a stale SLURM_JOBID $job gave exit $code: $said"; exit 1 ;;
  esac
done
"$build/bin/helip" doctor | grep -q '^ok *Slurm *slurm' || { "$build/bin/helip" doctor; echo "doctor does not find this Slurm"; exit 1; }

"$build/bin/helip" run --config "$folder/job/job.yaml" --work-dir "$folder/plain_work" >/dev/null 2>&1
a=$(sha256sum <"$folder/slurm_work/hard_pairs/1/indices.npy")
b=$(sha256sum <"$folder/plain_work/hard_pairs/1/indices.npy")
[ "$a" = "$b" ] || { echo "hard pairs differ: under Slurm $a, without $b"; exit 1; }
a=$(sha256sum <"$folder/slurm_work/model/$(ls "$folder/slurm_work/model" | grep safetensors)")
b=$(sha256sum <"$folder/plain_work/model/$(ls "$folder/plain_work/model" | grep safetensors)")
[ "$a" = "$b" ] || { echo "models differ: under Slurm $a, without $b"; exit 1; }
echo "slurm: two nodes, equal hard pairs and weights"
