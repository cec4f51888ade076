#!/usr/bin/env bash
# What mpirun says of starts that fail: tests/golden/mpirun/CASE.txt, for tests/coordinator/launch_cause_test.cpp. Made with
# Open MPI 4.1.4 of Debian 12, as root (a read-only and a full temporary folder are mounted). usage: make_mpirun_texts.sh
set -u
out="$(cd "$(dirname "$0")" && pwd)/mpirun"
place="$(mktemp -d)"
trap 'umount "$place"/tmp-* 2>/dev/null; rm -rf "$place"' EXIT
cd "$place"
mkdir -p "$out" bin tmp-full tmp-read-only
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

# case NAME COMMAND…: the text, less what names this machine.
case_of() {
  local name=$1
  shift
  timeout -s KILL 60 "$@" 2>&1 | sed -e "s#$place#/place#g" -e "s/\b$(hostname)\b/host/g" -e 's/\[[0-9]*,/[1,/g' \
    -e 's/host:[0-9]*\]/host:1]/' >"$out/$name.txt"
}

survives=(--bind-to none --oversubscribe --enable-recovery)
ends=(--bind-to none --oversubscribe)
here=(--host localhost:2)
there=(--host 127.0.0.2:2)

# Programs that cannot start.
printf 'int f(void) { return 1; }' >f.c
printf 'int f(void); int main(void) { return f() - 1; }' >main.c
gcc -shared -o libmissing.so f.c
gcc main.c -o without_library -L. -lmissing
printf '#!/nonexistent/shell\n' >no_interpreter
printf 'x' >not_executable
chmod +x no_interpreter
case_of missing_library mpirun -n 2 "${survives[@]}" "${here[@]}" "$place/without_library"
case_of missing_library_in_training mpirun -n 2 "${ends[@]}" "${here[@]}" "$place/without_library"
case_of no_interpreter mpirun -n 2 "${survives[@]}" "${here[@]}" "$place/no_interpreter"
case_of not_executable mpirun -n 2 "${ends[@]}" "${here[@]}" "$place/not_executable"
case_of missing_program mpirun -n 2 "${ends[@]}" "${here[@]}" "$place/helip_worker"

# Other hosts: what ssh says stands before mpirun's frame.
agent() { printf '#!/bin/sh\n%s\n' "$2" >"$1" && chmod +x "$1"; }
agent no_orted 'echo "bash: line 1: orted: command not found" >&2; exit 127'
agent no_library 'echo "orted: error while loading shared libraries: libopen-rte.so.40: cannot open shared object file: No such file or directory" >&2; exit 127'
agent no_key 'echo "user@n2: Permission denied (publickey,password)." >&2; exit 255'
agent no_route 'echo "ssh: connect to host n2 port 22: No route to host" >&2; exit 255'
for trouble in no_orted no_library no_key no_route; do
  case_of "$trouble" mpirun -n 2 "${ends[@]}" "${there[@]}" --mca plm_rsh_agent "$place/$trouble" true
done
case_of unknown_host mpirun -n 2 "${ends[@]}" --host no-such-host:2 true
case_of no_ssh env PATH="$place/bin" "$(command -v mpirun)" -n 2 "${ends[@]}" "${there[@]}" true

# Environments.
case_of nested mpirun -n 1 "${here[@]}" mpirun -n 1 "${here[@]}" true
case_of slots mpirun -n 4 --bind-to none "${here[@]}" true
case_of conflict mpirun -n 2 "${ends[@]}" --nooversubscribe "${here[@]}" true
case_of unknown_option mpirun -n 2 "${ends[@]}" "${here[@]}" --no-such-option true
case_of no_hostfile env OMPI_MCA_orte_default_hostfile=/nonexistent mpirun -n 2 "${ends[@]}" true
case_of slurm_filled env SLURM_JOB_ID=1 SLURM_JOBID=1 SLURM_NODELIST=n1 SLURM_NNODES=1 SLURM_TASKS_PER_NODE=2 \
  mpirun -n 2 "${ends[@]}" "${here[@]}" true
case_of slurm_over env SLURM_JOB_ID=1 SLURM_JOBID=1 SLURM_NODELIST=n1 SLURM_NNODES=1 SLURM_TASKS_PER_NODE=2 \
  mpirun -n 2 "${ends[@]}" true
if mount -t tmpfs -o ro,size=64k none tmp-read-only; then
  case_of read_only env TMPDIR="$place/tmp-read-only" mpirun -n 2 "${ends[@]}" "${here[@]}" true
fi
printf '#include <mpi.h>\nint main(int n, char** a) { MPI_Init(&n, &a); return MPI_Finalize(); }\n' >ranks.c
mpicc ranks.c -o ranks
if mount -t tmpfs -o size=64k none tmp-full && ! head -c 65536 /dev/zero >tmp-full/filler; then
  echo "the full folder could not be made full" >&2
fi
case_of full env TMPDIR="$place/tmp-full" mpirun -n 2 "${ends[@]}" "${here[@]}" "$place/ranks"

# Ranks that die.
case_of segmentation_fault mpirun -n 2 "${ends[@]}" "${here[@]}" bash -c 'kill -SEGV $$'
case_of exit_code mpirun -n 2 "${ends[@]}" "${here[@]}" bash -c 'exit 3'
