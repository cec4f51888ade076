"""Starting, watching and killing real HELIP jobs; used by the end-to-end tests beside it. Standard library alone."""

import argparse
import hashlib
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import threading
import time


class Failure(Exception):
    """An expectation that did not hold."""


def expect(condition, message):
    if not condition:
        raise Failure(message)


class Bench:
    """The programs of one build and a folder for this test's work directories."""

    def __init__(self, build, folder):
        self.build = pathlib.Path(build)
        self.folder = pathlib.Path(folder)
        self.job = self.folder / "job" / "job.yaml"
        self.reference = self.folder / "reference"

    def program(self, name):
        return str(self.build / "bin" / name)

    def fresh(self, name):
        work = self.folder / name
        shutil.rmtree(work, ignore_errors=True)
        return work

    def run_command(self, work, *more):
        return [self.program("helip"), "run", "--config", str(self.job), "--work-dir", str(work), *more]

    def run(self, work, *more, code=0, timeout=300):
        """Runs the job to its end; returns (stdout, stderr)."""
        done = subprocess.run(self.run_command(work, *more), capture_output=True, text=True, timeout=timeout)
        expect(done.returncode == code,
               f"helip run {' '.join(more)}: exit {done.returncode}, expected {code}\n{done.stderr}\n{logs_of(work)}")
        return done.stdout, done.stderr

    def start(self, work, *more):
        work.parent.mkdir(parents=True, exist_ok=True)
        output = open(f"{work}.output", "a", encoding="utf-8")
        return subprocess.Popen(self.run_command(work, *more), stdout=output, stderr=output)

    def status(self, work, *more):
        """(exit code, parsed JSON or None)."""
        done = subprocess.run([self.program("helip"), "status", "--work-dir", str(work), "--json", *more],
                              capture_output=True, text=True, timeout=30)
        try:
            return done.returncode, json.loads(done.stdout)
        except json.JSONDecodeError:
            return done.returncode, None


def logs_of(work):
    """The ends of a job's logs, for a failure's message."""
    text = ""
    for log in sorted(pathlib.Path(work).glob("logs/*.log")):
        text += f"--- {log}\n" + "\n".join(log.read_text(errors="replace").splitlines()[-15:]) + "\n"
    return text


def processes_of(work, program):
    """Pids of running processes of `program` whose command line names this work directory."""
    pids = []
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            words = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
            state = (entry / "stat").read_text().rsplit(")", 1)[1].split()[0]
        except OSError:
            continue
        if state != "Z" and os.path.basename(words[0]) == program and str(work) in words:
            pids.append(int(entry.name))
    return sorted(pids)


PROGRAMS = ("helip", "mpirun", "helip_coordinator", "helip_worker")


class PeakMemory:
    """While it is entered: how many bytes the largest process of each program took in this work directory (`of[program]`)."""

    def __init__(self, work):
        self.work = work
        self.of = {}
        self.ended = threading.Event()
        self.watcher = threading.Thread(target=self.watch)

    def __enter__(self):
        self.watcher.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.watcher.join()

    def watch(self):
        while not self.ended.wait(0.01):
            for program in PROGRAMS:
                for pid in processes_of(self.work, program):
                    self.of[program] = max(self.of.get(program, 0), peak_of(pid))


def peak_of(pid):
    """Bytes that the process had in memory at its most; 0 if it has ended."""
    try:
        for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def kill_all(work):
    """kill -9 of everything that belongs to the job in this work directory."""
    victims = [pid for program in PROGRAMS for pid in processes_of(work, program)]
    for pid in victims:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    return len(victims)


def wait_until(condition, what, process=None, timeout=120.0, interval=0.002):
    end = time.monotonic() + timeout
    while not condition():
        expect(time.monotonic() < end, f"waited {timeout:.0f} s for: {what}")
        expect(process is None or process.poll() is None, f"the job ended while waiting for: {what}")
        time.sleep(interval)


def interrupt(bench, work, step, disturb, *more):
    """Starts the job and calls disturb(process) once `step` is logged; what is left of the job then is killed. Its exit code."""
    process = bench.start(work, *more)
    try:
        wait_until(lambda: max(metrics_of(work), default=0) >= step, f"step {step}", process)
        disturb(process)
    finally:
        kill_all(work)
        process.wait()
    return process.returncode


def ask_to_stop(process):
    process.send_signal(signal.SIGTERM)
    process.wait(timeout=120)


def digest(path):
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


def metrics_of(work):
    """step → loss, as written; the last line may be half-written while the job runs."""
    losses = {}
    try:
        lines = (pathlib.Path(work) / "metrics.jsonl").read_text().splitlines()
    except FileNotFoundError:
        return losses
    for line in lines:
        try:
            entry = json.loads(line)
        except json.JSONDecodeError:
            continue
        if "step" in entry and "loss" in entry:
            losses[entry["step"]] = entry["loss"]
    return losses


def table_digests(work):
    return {name: digest(pathlib.Path(work) / "hard_pairs" / "1" / name) for name in ("indices.npy", "scores.npy")}


def model_digests(work):
    files = sorted((pathlib.Path(work) / "model").rglob("*.safetensors"))
    expect(files, f"{work}: no weights in model/")
    return {str(file.relative_to(work)): digest(file) for file in files}


def expect_same_table(bench, work):
    expect(table_digests(work) == table_digests(bench.reference), f"{work}: the hard pairs differ from the undisturbed run's")


def expect_same_training(bench, work):
    here, there = metrics_of(work), metrics_of(bench.reference)
    expect(here == there, f"{work}: losses differ from the undisturbed run's: "
           f"{[(step, here.get(step), loss) for step, loss in there.items() if here.get(step) != loss][:3]}")
    expect(model_digests(work) == model_digests(bench.reference), f"{work}: weights differ from the undisturbed run's")


def main(test):
    """Command line of a test: --build, --folder and, for kill points, --seed; prints what was expected and found."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--folder", required=True)
    parser.add_argument("--seed", type=int, default=None, help="repeats the kill points of an earlier run")
    arguments = parser.parse_args()
    seed = arguments.seed if arguments.seed is not None else random.SystemRandom().randrange(1_000_000)
    print(f"seed {seed}", flush=True)
    try:
        test(Bench(arguments.build, arguments.folder), random.Random(seed))
    except Failure as failure:
        print(f"FAILED: {failure}", file=sys.stderr)
        sys.exit(1)
    print("passed")
