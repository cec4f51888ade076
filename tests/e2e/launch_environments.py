"""Environments in which workers cannot be started: the first line of the error names the cause, at once. Needs no engine: the
jobs end after `index`. usage: launch_environments.py HELIP"""

import io
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tarfile
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from png_chunks import png  # noqa: E402

HELIP = pathlib.Path(sys.argv[1]).resolve()
RANK = {"OMPI_COMM_WORLD_RANK": "1", "OMPI_COMM_WORLD_SIZE": "4", "OMPI_UNIVERSE_SIZE": "4", "OMPI_MCA_ess": "pmi",
        "OMPI_MCA_orte_hnp_uri": "1.0;tcp://127.0.0.1:9", "PMIX_RANK": "1", "PMIX_NAMESPACE": "7"}


def write_corpus(file):
    with tarfile.open(file, "w") as tar:
        for key in "abcd":
            for extension, content in (("png", png(2, 2, 8, 2, [bytes(6)] * 2)), ("txt", f"picture {key}".encode())):
                member = tarfile.TarInfo(f"{key}.{extension}")
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))


class Bench:
    def __init__(self, folder):
        self.folder = folder
        self.runs = 0
        self.failures = []
        write_corpus(folder / "0.tar")
        (folder / "job.yaml").write_text("corpus: { path: 0.tar }\nmodel: { architecture: ViT-B-32 }\n"
                                         "mining: { hard_pairs_per_target: 2 }\n"
                                         "train: { steps: 1, hard_pairs_per_seed: 2 }\n")
        self.environment = {name: value for name, value in os.environ.items()
                            if not name.startswith(("OMPI_", "PMIX_", "PMI_", "SLURM_"))}
        self.environment.update(OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")

    def program(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)
        return path

    def run(self, name, *more, code, words, before=(), helip=HELIP, **variables):
        """The error, or with code 0 all of stderr, must hold the words."""
        self.runs += 1
        began = time.monotonic()
        command = [*before, str(helip), "run", "--config", str(self.folder / "job.yaml"), "--until", "index",
                   "--work-dir", str(self.folder / f"work-{self.runs}"), *more]
        done = subprocess.run(command, env=self.environment | variables, capture_output=True, text=True, timeout=60,
                              stdin=subprocess.DEVNULL)
        print(f"{time.monotonic() - began:5.1f} s  {name}", flush=True)
        said = done.stderr
        if code != 0:
            said = next((line for line in said.splitlines() if line.startswith("error: ")), "")
        problems = [word for word in words if word not in said]
        if done.returncode != code or problems or len(said.splitlines()[0] if code else "") > 500:
            self.failures.append(f"{name}: exit {done.returncode}, expected {code}; lacks {problems} in:\n{done.stderr}")


def test(bench):
    bench.run("nothing wrong", code=0, words=["stage index done"])
    bench.run("left by another launch", code=0, words=["stage index done", "another launch has left", "OMPI_COMM_WORLD_RANK"],
              **RANK)
    bench.run("a rank of an mpirun", "--dry-run", code=2, words=["error: OMPI_COMM_WORLD_RANK", "without mpirun"],
              before=["mpirun", "-n", "1", "--host", "localhost:1"])
    bench.run("several tasks of srun", "--dry-run", code=2, words=["srun", "found 4"], SLURM_STEP_NUM_TASKS="4", SLURM_PROCID="0")

    slurm = {"SLURM_JOBID": "12", "SLURM_JOB_ID": "12", "SLURM_JOB_NODELIST": "n[7-8]", "SLURM_NODELIST": "n[7-8]", "SLURM_NNODES": "2",
             "SLURM_TASKS_PER_NODE": "1(x2)"}
    tools = bench.program("over/squeue", "#!/bin/sh\necho 'slurm_load_jobs error: Invalid job id specified' >&2\nexit 1\n").parent
    bench.run("a Slurm job that is over", "--dry-run", code=2, words=["SLURM_JOBID 12", "is over", "Invalid job id"],
              PATH=f"{tools}:{os.environ['PATH']}", **slurm)
    mute = bench.program("mute/squeue", "#!/bin/sh\necho 'squeue: fatal: Could not establish a configuration source' >&2\nexit 1\n")
    mute = f"{mute.parent}:{os.environ['PATH']}"
    bench.run("Slurm's variables of other hosts", code=2, words=["SLURM_NODELIST n[7-8]", "cannot be reached", "configuration"],
              PATH=mute, **slurm)
    bench.run("Slurm's variables in a container", code=0, words=["stage index done"], PATH=mute,
              **(slurm | {"SLURM_JOB_NODELIST": socket.gethostname(), "SLURM_NODELIST": socket.gethostname(),
                          "SLURM_NNODES": "1", "SLURM_TASKS_PER_NODE": "2"}))

    bench.run("a part of Slurm's variables", "--dry-run", code=2, words=["SLURM_JOBID 12", "no SLURM_NODELIST"],
              SLURM_JOBID="12")
    bench.run("Slurm's variables that Open MPI does not read", code=0, words=["stage index done"], SLURM_JOB_ID="1",
              SLURM_JOB_NODELIST="other")

    hydra = bench.program("hydra/mpirun", "#!/bin/sh\necho 'HYDRA build details:'\n").parent
    bench.run("another MPI", "--dry-run", code=2, words=["another MPI", str(hydra), "HYDRA"], PATH=f"{hydra}:{os.environ['PATH']}")
    bench.run("no mpirun", "--dry-run", code=2, words=["PATH: ", "mpirun", "none there"], PATH=str(tools))

    # The worker program lies beside this one.
    (bench.folder / "bin").mkdir()
    (bench.folder / "share").symlink_to(HELIP.parent.parent / "share")
    alone = pathlib.Path(shutil.copy(HELIP, bench.folder / "bin/helip"))
    bench.run("no worker program", "--dry-run", code=2, words=["helip_worker"], helip=alone)
    bench.program("bin/helip_worker", "#!/nonexistent/shell\n")
    bench.run("no interpreter", "--dry-run", code=2, words=["cannot start", "helip_worker", "No such file"], helip=alone)
    worker = bench.program("bin/helip_worker", "#!/bin/sh\nexit 0\n")
    worker.chmod(0o644)
    bench.run("not to be executed", "--dry-run", code=2, words=["cannot start", "helip_worker", "Permission denied"], helip=alone)
    library = "helip_worker: error while loading shared libraries: libx.so: cannot open shared object file"
    bench.program("bin/helip_worker", f"#!/bin/sh\necho '{library}' >&2\nexit 127\n")
    bench.run("a missing library", "--dry-run", code=2, words=["cannot start", "libx.so"], helip=alone)

    bench.run("no temporary folder", "--dry-run", code=2, words=["error: TMPDIR", "/proc"], TMPDIR="/proc")
    bench.run("an unknown host", "--dry-run", "--set", "launcher.hosts=no-such-host.invalid:2", code=2,
              words=["error: launcher.hosts", "no-such-host.invalid"])

    # What only mpirun meets.
    agent = bench.program("agent", "#!/bin/sh\necho 'bash: line 1: orted: command not found' >&2\nexit 127\n")
    bench.run("no orted on another host", "--set", "launcher.hosts=127.0.0.2:2", "--set",
              f"launcher.mpirun_args=[--mca, plm_rsh_agent, {agent}]", code=2,
              words=["error: no worker started for index", "orted: command not found"])
    # Workers may be more than slots (--oversubscribe), so this is how mpirun refuses a mapping.
    bench.run("settings of mpirun that contradict each other", "--set", "launcher.mpirun_args=[--nooversubscribe]", code=2,
              words=["error: no worker started for index", "Conflicting directives for mapping policy"])


def main():
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(pathlib.Path(folder))
        test(bench)
    for failure in bench.failures:
        print(f"FAILED: {failure}", file=sys.stderr)
    print(f"{bench.runs} environments, {len(bench.failures)} wrong")
    sys.exit(1 if bench.failures else 0)


main()
