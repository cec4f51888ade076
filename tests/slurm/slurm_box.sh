# A real Slurm on one machine: munged, slurmctld and two slurmd (nodes n1 and n2, two CPUs each), all in one folder and on
# loopback. Sourced by tests; needs root (slurmd does).
#
#   slurm_box_start FOLDER   starts it and exports SLURM_CONF; returns 1 with the daemons' last lines if it cannot
#   slurm_box_stop           ends the daemons it started, by their pids

slurm_box_pids=()

slurm_box_fail() {
  echo "slurm: $1" >&2
  tail -n 3 "$slurm_box_folder"/*.log >&2 2>/dev/null
  slurm_box_stop
  return 1
}

# Waits until a command succeeds, at most 20 s.
slurm_box_wait() {
  local tries=0
  until "$@" >/dev/null 2>&1; do
    tries=$((tries + 1))
    [ "$tries" -lt 100 ] || return 1
    sleep 0.2
  done
}

slurm_box_start() {
  slurm_box_folder=$1
  local port host
  port=$(python3 -c 'import random; print(random.randrange(20000, 28000))')
  host=$(hostname -s)
  mkdir -p "$slurm_box_folder"/{state,spool-n1,spool-n2,munge}
  chmod 0700 "$slurm_box_folder/munge"
  chmod 0755 "$slurm_box_folder"

  head -c 1024 /dev/urandom >"$slurm_box_folder/munge/key"
  chmod 0400 "$slurm_box_folder/munge/key"
  local socket="$slurm_box_folder/munge/socket"
  munged --force --foreground --key-file="$slurm_box_folder/munge/key" --socket="$socket" \
    --pid-file="$slurm_box_folder/munge/pid" --log-file="$slurm_box_folder/munge/munged.log" \
    --seed-file="$slurm_box_folder/munge/seed" >"$slurm_box_folder/munged.log" 2>&1 &
  slurm_box_pids+=($!)
  slurm_box_wait test -S "$socket" || { slurm_box_fail "munged did not start"; return 1; }
  chmod 0711 "$slurm_box_folder/munge"

  cat >"$slurm_box_folder/slurm.conf" <<CONF
ClusterName=helip
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$socket
CredType=cred/munge
CryptoType=crypto/munge
SlurmctldPort=$port
SlurmctldPidFile=$slurm_box_folder/slurmctld.pid
SlurmctldLogFile=$slurm_box_folder/slurmctld.log
StateSaveLocation=$slurm_box_folder/state
SlurmdPidFile=$slurm_box_folder/slurmd-%n.pid
SlurmdLogFile=$slurm_box_folder/slurmd-%n.log
SlurmdSpoolDir=$slurm_box_folder/spool-%n
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
SchedulerParameters=sched_interval=1,batch_sched_delay=0
SchedulerTimeSlice=5
KillWait=30
NodeName=n1 NodeHostname=$host NodeAddr=127.0.0.1 Port=$((port + 1)) CPUs=2 State=UNKNOWN
NodeName=n2 NodeHostname=$host NodeAddr=127.0.0.1 Port=$((port + 2)) CPUs=2 State=UNKNOWN
PartitionName=main Nodes=n1,n2 Default=YES MaxTime=INFINITE State=UP OverSubscribe=YES
CONF
  export SLURM_CONF="$slurm_box_folder/slurm.conf"
  slurmctld -D -f "$SLURM_CONF" >"$slurm_box_folder/slurmctld.out.log" 2>&1 &
  slurm_box_pids+=($!)
  slurm_box_wait sinfo || { slurm_box_fail "slurmctld did not answer"; return 1; }
  for node in n1 n2; do
    slurmd -D -N "$node" -f "$SLURM_CONF" >"$slurm_box_folder/slurmd-$node.out.log" 2>&1 &
    slurm_box_pids+=($!)
  done
  slurm_box_wait slurm_box_idle || { slurm_box_fail "the nodes did not come up: $(sinfo -h -o '%N %T' | tr '\n' ' ')"; return 1; }
}

slurm_box_idle() { [ "$(sinfo -h -N -t idle -o '%N' | sort -u | wc -l)" = 2 ]; }

slurm_box_stop() {
  local pid
  for pid in "${slurm_box_pids[@]}"; do kill "$pid" 2>/dev/null; done
  for pid in "${slurm_box_pids[@]}"; do wait "$pid" 2>/dev/null; done
  slurm_box_pids=()
}
