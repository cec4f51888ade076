"""Rank 1 of two in a training fails alone: its error keeps its kind, so that the job ends at once or tries again as it would with
one rank, and the job's message names the cause.

Each rank sees another folder, as two machines see different local disks: the paths of the job lie under /proc/self/cwd. All
processes stand in node-0, but rank 1 of the training stands in node-1, which holds the same files until a case damages one."""

import os
import pathlib
import shutil
import subprocess
import time

from job_control import expect, logs_of, main

HERE = "/proc/self/cwd"
# Seconds in which a job must end that begins with its training. A rank that waits for its peer in vain waits for longer.
AT_ONCE = 30
WORKER = """#!/bin/sh
case "$OMPI_COMM_WORLD_RANK $*" in "1 "*"--stages train"*) cd '{node}' || exit 3 ;; esac
exec '{worker}' "$@"
"""
# Rank 1 mines tables while rank 0 trains, which draws from a new one in its second epoch of 50 steps.
APART = ["train.steps=200", "remine.every_steps=5", "remine.lag_steps=2", "remine.workers=1"]


class TwoNodes:
    """A job whose stages before training are done, and programs that start rank 1 of a training in node-1."""

    def __init__(self, bench):
        self.folder = bench.fresh("rank-errors").resolve()
        self.nodes = [self.folder / "node-0", self.folder / "node-1"]
        self.job = bench.job.resolve()
        (self.folder / "bin").mkdir(parents=True)
        shutil.copy(bench.program("helip"), self.folder / "bin")
        for name in ("lib", "share"):
            (self.folder / name).symlink_to((bench.build / name).resolve())
        worker = self.folder / "bin/helip_worker"
        worker.write_text(WORKER.format(node=self.nodes[1], worker=pathlib.Path(bench.program("helip_worker")).resolve()))
        worker.chmod(0o755)

        shutil.copytree(bench.job.parent / "corpus", self.nodes[0] / "corpus")
        shutil.copy(max(bench.reference.glob("checkpoints/step-*")) / "model.safetensors", self.nodes[0])
        shutil.copy(pathlib.Path(__file__).parents[2] / "configs/models/helip-test-tiny.json", self.nodes[0] / "model.json")

    def run(self, work, *changes, until="train"):
        changes = [f"corpus.path={HERE}/corpus", f"model.architecture={HERE}/model.json", f"model.init={HERE}/model.safetensors",
                   "eval.datasets=[]", "coordinator.max_attempts=2", *changes]
        return subprocess.run([self.folder / "bin/helip", "run", "--config", self.job, "--work-dir", f"{HERE}/{work}",
                               "--until", until, *(word for change in changes for word in ("--set", change))],
                              cwd=self.nodes[0], capture_output=True, text=True, timeout=200)

    def mined(self, work, *changes):
        """Makes that work directory, with all that comes before the training."""
        done = self.run(work, *changes, until="mine")
        expect(done.returncode == 0, f"the stages before training: exit {done.returncode}\n{done.stderr}")
        return self.nodes[0] / work

    def separate(self, work):
        """Makes node-1 anew, with the same work directory. Returns its folder."""
        shutil.rmtree(self.nodes[1], ignore_errors=True)
        shutil.copytree(self.nodes[0], self.nodes[1], ignore=shutil.ignore_patterns("work*"))
        (self.nodes[1] / work.name).symlink_to(work)
        return self.nodes[1]

    def fails_on_rank_1(self, work, code, attempts, words, *changes):
        before = set((work / "logs").iterdir())
        began = time.monotonic()
        done = self.run(work.name, *changes)
        seconds = time.monotonic() - began
        lines = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
        said = f"{done.stderr}\n{logs_of(work)}"
        expect(done.returncode == code, f"exit {done.returncode}, expected {code}\n{said}")
        expect(len(lines) == 1 and all(word in lines[0] for word in [f"failed after {attempts}; ", *words]),
               f"expected one line with {attempts} and {words}, found {lines}\n{said}")
        expect(seconds < AT_ONCE, f"the job took {seconds:.0f} s to end\n{said}")
        logs = "".join(log.read_text(errors="replace") for log in sorted(set((work / "logs").iterdir()) - before))
        expect("| error | helip_worker 1 |" in logs, f"rank 1 did not fail\n{said}")
        again = attempts != "1 attempt"
        expect(("attempt 2" in logs) == again, f"the training was tried {'once alone' if again else 'again'}\n{said}")
        print(f"exit {code} after {attempts}, {seconds:.1f} s: {lines[0]}", flush=True)


def test(bench, _):
    two = TwoNodes(bench)
    work = two.mined("work")

    # ConfigError before the first step: the weights are others.
    with open(two.separate(work) / "model.safetensors", "r+b") as weights:
        weights.seek(-4, os.SEEK_END)
        weights.write(b"\0\0\0\1")
    two.fails_on_rank_1(work, 2, "1 attempt", ["initial model", "model.init", "expected", "found"])

    # DataError while rank 0 waits for rank 1's share of the gradient.
    for shard in (two.separate(work) / "corpus").rglob("*.tar"):
        shard.write_bytes(bytes(shard.stat().st_size))
    two.fails_on_rank_1(work, 1, "1 attempt", ["cannot be used any more", "pair "])

    # StoreError, which another attempt may not meet.
    other = two.separate(work) / "work"
    other.unlink()
    other.mkdir()
    for entry in work.iterdir():
        (other / entry.name).symlink_to(entry)
    (other / "hard_pairs").unlink()
    shutil.copytree(work / "hard_pairs", other / "hard_pairs")
    (other / "hard_pairs/1/indices.npy").write_bytes(b"no array")
    two.fails_on_rank_1(work, 1, "2 attempts", ["hard_pairs/1/indices.npy", "not a .npy file"])

    # ConfigError of a rank that mines while the other trains: it holds no lease.
    apart = two.mined("work-apart", *APART)
    (two.separate(apart) / "model.json").unlink()
    two.fails_on_rank_1(apart, 2, "1 attempt", ["model.architecture", "model.json"], *APART)


main(test)
